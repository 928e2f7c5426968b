// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridges/http/gate.h"
#include "bridges/http/routes.h"
#include "broker/api/local_broker.h"
#include "broker/api/stream_service.h"
#include "broker/shard/shard.h"
#include "test/simulation/schedule.h"

namespace runnel::simulation {

// The bridges of one loop, as they are: HTTP sessions with the routes that publish, and MQTT over WebSocket. Their way
// into the broker is the shard of the loop; nothing is stored here, and there are no inboxes.
class Bridge final : public api::LocalBroker {
public:
    Bridge(shard::Shard& shard, const Schedule& schedule);

    std::unique_ptr<api::StreamSession> open(const std::string& address);
    // As LoopBroker: answers of a turn, given to whoever waits for them, who may publish more.
    void take_answers(shard::Effects& effects);
    bool has_answers() const { return !answers_.empty(); }
    void give_answers();

    void authenticate(api::Credentials credentials,
                      std::function<void(const api::AuthenticationOutcome&)> done) override;
    uint64_t users_generation() const override { return 1; }
    bool may_subscribe(const api::LocalClient& client, std::string_view filter) const override;
    bool may_receive(const api::LocalClient& client, std::string_view topic) const override;
    bool is_admin(const api::LocalClient&) const override { return false; }
    void publish(const api::LocalClient& client, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override;
    void open_inbox(api::Inbox) override {}
    void take_inbox(const api::Inbox&, std::function<void(const std::vector<mqtt::MessageRef>&)> done) override {
        done({});
    }
    void give_back_inbox(const api::Inbox&) override {}
    mqtt::MessageRef retained_message(std::string_view) const override { return {}; }
    std::vector<mqtt::MessageRef> retained_messages(const api::LocalClient&, std::string_view, std::string_view,
                                                    size_t) const override {
        return {};
    }
    uint32_t remaining_expiry(const mqtt::ApplicationMessage&) const override { return 0; }
    int64_t wall_ms(const mqtt::ApplicationMessage&) const override { return 0; }
    bool has_history() const override { return false; }
    void read_history(api::HistoryQuery, std::function<void(api::HistoryPage)>) override {}
    void read_buckets(api::BucketQuery, std::function<void(api::BucketPage)>) override {}

private:
    shard::Shard& shard_;
    const Schedule& schedule_;
    shard::LocalPublishNumber last_ = 0;
    std::map<shard::LocalPublishNumber, std::function<void(const api::LocalPublished&)>> waiting_;
    std::vector<shard::Effects::AnswerPublish> answers_;
    http::Gate gate_;
    http::Routes routes_;
};

}  // namespace runnel::simulation

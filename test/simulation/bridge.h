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
#include "broker/api/empty_broker.h"
#include "broker/api/stream_service.h"
#include "broker/shard/shard.h"
#include "test/simulation/schedule.h"

namespace runnel::simulation {

// The bridges of one loop, as they are: HTTP sessions with the routes that publish, and MQTT over WebSocket. Their way
// into the broker is the shard of the loop; nothing is stored here, and there are no inboxes.
class Bridge final : public api::EmptyBroker {
public:
    Bridge(shard::Shard& shard, const Schedule& schedule);

    std::unique_ptr<api::StreamSession> open(const std::string& address);
    // As LoopBroker: answers of a turn, given to whoever waits for them, who may publish more.
    void take_answers(shard::Effects& effects);
    bool has_answers() const { return !answers_.empty(); }
    void give_answers();

    void authenticate(api::Credentials credentials,
                      std::function<void(const api::AuthenticationOutcome&)> done) override;
    bool may_subscribe(const api::LocalClient& client, std::string_view filter) const override;
    bool may_receive(const api::LocalClient& client, std::string_view topic) const override;
    void publish(const api::LocalClient& client, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override;

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

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/api/local_broker.h"
#include "broker/base/counters.h"
#include "broker/net/work_queue.h"
#include "broker/shard/shard.h"

namespace runnel::net {

// The shard of one event loop as bridges see it, on the thread of the loop. What is slow goes to libuv's thread pool.
class LoopBroker final : public api::LocalBroker {
public:
    // All of it outlives this; `history` is null where nothing is stored.
    LoopBroker(uv_loop_t& loop, WorkQueue& work, shard::Shard& shard, Counters& counters, const api::History* history)
        : loop_(loop), work_(work), shard_(shard), counters_(counters), history_(history) {}

    void authenticate(api::Credentials credentials,
                      std::function<void(const api::AuthenticationOutcome&)> done) override;
    uint64_t users_generation() const override { return users_generation_; }
    bool may_subscribe(const api::LocalClient& client, std::string_view filter) const override;
    bool may_receive(const api::LocalClient& client, std::string_view topic) const override;
    bool is_admin(const api::LocalClient& client) const override;
    void publish(const api::LocalClient& client, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override;
    void open_inbox(api::Inbox inbox) override { inboxes_to_open_.push_back(std::move(inbox)); }
    void take_inbox(const api::Inbox& inbox, std::function<void(const std::vector<mqtt::MessageRef>&)> done) override;
    void give_back_inbox(const api::Inbox& inbox) override { shard_.give_back_inbox(inbox, now()); }
    mqtt::MessageRef retained_message(std::string_view topic) const override;
    std::vector<mqtt::MessageRef> retained_messages(const api::LocalClient& client, std::string_view filter,
                                                    std::string_view after, size_t count_max) const override;
    uint32_t remaining_expiry(const mqtt::ApplicationMessage& message) const override;
    int64_t wall_ms(const mqtt::ApplicationMessage& message) const override;
    bool has_history() const override { return history_ != nullptr; }
    void read_history(api::HistoryQuery query, std::function<void(api::HistoryPage)> done) override;
    void read_buckets(api::BucketQuery query, std::function<void(api::BucketPage)> done) override;

    void users_changed() { ++users_generation_; }
    // Keeps the answers of a turn; give_answers() calls whoever waits for them, who may publish more.
    void take_answers(shard::Effects& effects);
    bool has_answers() const { return !answers_.empty() || !inbox_answers_.empty(); }
    void give_answers();
    // What was wished for before the loop ran.
    void open_inboxes();

private:
    Time now() const { return {static_cast<int64_t>(uv_now(&loop_))}; }

    uv_loop_t& loop_;
    WorkQueue& work_;
    shard::Shard& shard_;
    Counters& counters_;
    const api::History* history_;
    uint64_t users_generation_ = 1;
    shard::LocalPublishNumber last_publish_ = 0;
    std::unordered_map<shard::LocalPublishNumber, std::function<void(const api::LocalPublished&)>> publishes_;
    std::vector<shard::Effects::AnswerPublish> answers_;
    std::vector<api::Inbox> inboxes_to_open_;
    shard::InboxNumber last_inbox_ = 0;
    std::unordered_map<shard::InboxNumber, std::function<void(const std::vector<mqtt::MessageRef>&)>> inboxes_;
    std::vector<shard::Effects::AnswerInbox> inbox_answers_;
};

}  // namespace runnel::net

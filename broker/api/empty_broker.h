// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/local_broker.h"

namespace runnel::api {

// A broker in which there is nothing and in which nobody may do anything but log in and publish, for bridges that run
// without one: what a derived class has, it says.
class EmptyBroker : public LocalBroker {
public:
    // Everybody is anonymous.
    void authenticate(Credentials, std::function<void(const AuthenticationOutcome&)> done) override {
        AuthenticationOutcome outcome;
        outcome.reason = mqtt::ReasonCode::Success;
        done(outcome);
    }
    uint64_t users_generation() const override { return 1; }
    bool may_subscribe(const LocalClient&, std::string_view) const override { return false; }
    bool may_receive(const LocalClient&, std::string_view) const override { return false; }
    bool is_admin(const LocalClient&) const override { return false; }
    void open_inbox(Inbox) override {}
    void take_inbox(const Inbox&, std::function<void(const std::vector<mqtt::MessageRef>&)> done) override { done({}); }
    void give_back_inbox(const Inbox&) override {}
    mqtt::MessageRef retained_message(std::string_view) const override { return {}; }
    std::vector<mqtt::MessageRef> retained_messages(const LocalClient&, std::string_view, std::string_view,
                                                    size_t) const override {
        return {};
    }
    uint32_t remaining_expiry(const mqtt::ApplicationMessage&) const override { return 0; }
    int64_t wall_ms(const mqtt::ApplicationMessage&) const override { return 0; }
    bool has_history() const override { return false; }
    void read_history(HistoryQuery, std::function<void(HistoryPage)> done) override { done({}); }
    void read_buckets(BucketQuery, std::function<void(BucketPage)> done) override { done({}); }
};

}  // namespace runnel::api

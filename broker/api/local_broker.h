// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/authenticator.h"
#include "broker/api/history.h"
#include "broker/api/identity.h"
#include "broker/api/inbox.h"
#include "broker/api/local_client.h"
#include "broker/mqtt/application_message.h"
#include "broker/mqtt/reason_code.h"

namespace runnel::api {

// What has become of a publish. With an error nothing was published.
struct LocalPublished {
    mqtt::ReasonCode reason = mqtt::ReasonCode::Success;
    std::string why;       // Of an error.
    uint64_t matched = 0;  // Sessions with a matching subscription, and matching Shared Subscriptions.
    // What was promised of it: "synced" or "written"; empty if nobody needed it stored, or it was meant for memory
    // only.
    std::string_view durability;
    bool is_replay = false;  // It was published before, under the same idempotency key.
};

inline LocalPublished refusal(mqtt::ReasonCode reason, std::string why) {
    LocalPublished refused;
    refused.reason = reason;
    refused.why = std::move(why);
    return refused;
}

// The broker as a bridge on one event loop sees it. Used by the thread of the loop; answers come there, at once or
// later, and never when the loop has ended.
class LocalBroker {
public:
    virtual ~LocalBroker() = default;

    // As for CONNECT.
    virtual void authenticate(Credentials credentials, std::function<void(const AuthenticationOutcome&)> done) = 0;
    // Changes with every reload of users and rules: what was asked before counts no longer.
    virtual uint64_t users_generation() const = 0;
    virtual bool may_subscribe(const LocalClient& client, std::string_view filter) const = 0;
    virtual bool may_receive(const LocalClient& client, std::string_view topic) const = 0;
    virtual bool is_admin(const LocalClient& client) const = 0;

    // As PUBLISH; the answer comes when PUBACK would.
    virtual void publish(const LocalClient& client, const LocalPublish& publish,
                         std::function<void(const LocalPublished&)> done) = 0;
    // From the start of the event loop on.
    virtual void open_inbox(Inbox inbox) = 0;
    // What waits there, in order; what the call before has given is forgotten.
    virtual void take_inbox(const Inbox& inbox, std::function<void(const std::vector<mqtt::MessageRef>&)> done) = 0;
    // Nobody was left to have it: the next call gives it again.
    virtual void give_back_inbox(const Inbox& inbox) = 0;
    // Null if there is none. Rights are not looked at.
    virtual mqtt::MessageRef retained_message(std::string_view topic) const = 0;
    // Those that match and that the client may receive, in the order of the topics, from behind `after` on, `count_max`
    // at most.
    virtual std::vector<mqtt::MessageRef> retained_messages(const LocalClient& client, std::string_view filter,
                                                            std::string_view after, size_t count_max) const = 0;
    // Whole seconds that are left of a Message Expiry Interval.
    virtual uint32_t remaining_expiry(const mqtt::ApplicationMessage& message) const = 0;
    virtual int64_t wall_ms(const mqtt::ApplicationMessage& message) const = 0;

    // False if nothing is stored. Rights are not looked at.
    virtual bool has_history() const = 0;
    virtual void read_history(HistoryQuery query, std::function<void(HistoryPage)> done) = 0;
    virtual void read_buckets(BucketQuery query, std::function<void(BucketPage)> done) = 0;
};

}  // namespace runnel::api

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "broker/mqtt/application_message.h"
#include "broker/mqtt/types.h"

namespace runnel::session {

// The Subscription Identifiers that go with one copy of a message, in the order of subscription. One is kept in place,
// more are shared between copies.
class SubscriptionIdentifiers {
public:
    SubscriptionIdentifiers() = default;
    explicit SubscriptionIdentifiers(uint32_t only) : first_(only) {}
    explicit SubscriptionIdentifiers(std::vector<uint32_t> several) {
        if (several.size() == 1)
            first_ = several[0];
        else if (!several.empty())
            several_ = std::make_shared<const std::vector<uint32_t>>(std::move(several));
    }
    std::span<const uint32_t> all() const {
        if (several_) return *several_;
        return {&first_, first_ == 0 ? 0u : 1u};
    }
    bool empty() const { return first_ == 0 && !several_; }

private:
    uint32_t first_ = 0;
    std::shared_ptr<const std::vector<uint32_t>> several_;
};

// Which Shared Subscription a message came by, so that it can be given back if its Session ends.
struct SharedOrigin {
    static constexpr uint32_t kNone = 0xFFFFFFFF;
    uint64_t group = 0;
    uint32_t peer = kNone;  // The shard that owns the group.
    uint32_t sequence = 0;  // Of the membership it was given to: SharedMembership::sequence.
    bool is_shared() const { return peer != kNone; }
};

// One Application Message on its way to one Session.
struct Delivery {
    mqtt::MessageRef message;
    SubscriptionIdentifiers subscription_identifiers;
    SharedOrigin origin;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;  // The lower of the published and the granted one [MQTT-3.8.4-8].
    bool retain = false;                    // The RETAIN flag that this copy is sent with.
    uint64_t number = 0;                    // In the store (StoredQueue); 0 if it is not there.
};

}  // namespace runnel::session

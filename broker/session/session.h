// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/base/time.h"
#include "broker/mqtt/types.h"
#include "broker/session/delivery.h"
#include "broker/session/outbound_window.h"
#include "broker/session/received_identifiers.h"
#include "broker/session/session_queue.h"

namespace runnel::session {

// What is published when a connection ends badly (section 3.1.2.5).
struct Will {
    std::string topic;
    std::string payload;
    std::string forwarded_properties;  // As in ApplicationMessage.
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    bool has_expiry = false;
    uint32_t message_expiry_interval = 0;  // Seconds, counted from when the Will is published.
    uint32_t delay_interval = 0;           // Seconds.
};

// A Shared Subscription of this Session. The group lives on the shard that owns it; this is the member's own record.
struct SharedMembership {
    std::string share_name;
    std::string filter;
    mqtt::SubscriptionOptions options;
    uint32_t subscription_identifier = 0;
    uint32_t sequence = 0;  // Names this membership: a delivery for an older one is refused.
    SharedOrigin origin{};  // Of what comes by it, once something has come. Not stored.
};

class StoredQueue;

// One client's Session State (section 4.1). Lives on the shard that owns its Client Identifier and outlives any
// connection. Its ordinary subscriptions are in the shard's subscription tree. The queue grows only while the client is
// away or its window is full, so a fast reader never pays for it.
struct Session {
    std::string client_identifier;
    std::string user_name;  // The identity that made it; another one may not have it.
    bool anonymous = true;

    uint32_t expiry_interval = 0;  // Seconds after the connection ends; 0 = with it; kSessionExpiryNever = never.
    SessionQueue queue;            // QoS 1 and 2 that wait for the client or for room in the window.
    OutboundWindow window;
    ReceivedIdentifiers received;
    std::unique_ptr<Will> will;
    std::vector<SharedMembership> shared;
    std::unique_ptr<StoredQueue> stored;  // Nothing if the Session is not kept in the store.

    Session();
    ~Session();

    bool ends_with_connection() const { return expiry_interval == 0; }
};

}  // namespace runnel::session

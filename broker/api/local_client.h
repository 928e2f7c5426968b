// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/api/identity.h"
#include "broker/mqtt/types.h"

namespace runnel::api {

// A client without a Network Connection and without a Session: who uses a bridge.
struct LocalClient {
    Identity identity;
    std::string client_identifier;  // For access rules, the log and the history.
};

// A publish of a client without a Network Connection: the broker itself ($SYS) or a bridge. It takes the same path as
// the PUBLISH of a device. The texts are owned, since it may cross threads.
struct LocalPublish {
    std::string topic;
    std::string payload;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    std::optional<uint32_t> message_expiry_interval;  // Seconds.
    std::string encoded_properties;                   // Properties to be forwarded unchanged, encoded as in PUBLISH.
    // What the user publishes again under the same key within 24 h is answered as before, and not published. Visible
    // ASCII; empty: none.
    std::string idempotency_key;
};

}  // namespace runnel::api

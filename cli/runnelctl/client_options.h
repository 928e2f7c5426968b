// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/mqtt/types.h"
#include "cli/runnelctl/endpoint.h"
#include "cli/runnelctl/property_set.h"

namespace runnel::ctl {

struct WillOptions {
    std::string topic;
    std::string payload;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
};

// How a client presents itself to the broker.
struct ClientOptions {
    Endpoint endpoint;
    mqtt::ProtocolVersion version = mqtt::ProtocolVersion::V5;
    std::string client_identifier;  // Empty: the broker or the client makes one up.
    bool clean_start = true;
    std::optional<uint32_t> session_expiry;  // Seconds; MQTT 5 only.
    uint16_t keep_alive = 60;                // Seconds.
    std::optional<std::string> user_name;
    std::optional<std::string> password;
    std::optional<WillOptions> will;
    PropertyOptions properties;
    uint16_t inflight_max = 20;  // Publishes of QoS 1 and 2 that wait for their acknowledgement.
    bool debug = false;
    bool quiet = false;
};

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
// The Control Packets of chapter 3 as values. All texts are views: into the bytes that were decoded, or into what the
// caller of the encoder keeps alive.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "broker/mqtt/properties.h"
#include "broker/mqtt/reason_code.h"
#include "broker/mqtt/types.h"

namespace runnel::mqtt {

struct WillFields {
    QoS qos = QoS::AtMostOnce;
    bool retain = false;
    std::string_view topic;
    std::string_view payload;
    Properties properties;
};

struct Connect {
    ProtocolVersion version = ProtocolVersion::V5;
    bool clean_start = true;  // Clean Session in MQTT 3.
    uint16_t keep_alive = 0;  // Seconds; 0 switches it off.
    std::string_view client_identifier;
    std::optional<WillFields> will;
    std::optional<std::string_view> user_name;
    std::optional<std::string_view> password;
    Properties properties;
};

struct Connack {
    bool session_present = false;
    ReasonCode reason = ReasonCode::Success;
    uint8_t return_code = 0;  // What MQTT 3 sends instead of a Reason Code.
    Properties properties;
};

struct Publish {
    bool dup = false;
    QoS qos = QoS::AtMostOnce;
    bool retain = false;
    PacketIdentifier packet_identifier = 0;  // 0 with QoS 0.
    std::string_view topic;
    std::string_view payload;
    Properties properties;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP.
struct PublishAck {
    PacketType type = PacketType::Puback;
    PacketIdentifier packet_identifier = 0;
    ReasonCode reason = ReasonCode::Success;
    Properties properties;
};

struct SubscriptionRequest {
    std::string_view filter;
    SubscriptionOptions options;
};

struct Subscribe {
    PacketIdentifier packet_identifier = 0;
    std::vector<SubscriptionRequest> requests;
    Properties properties;
};

struct Unsubscribe {
    PacketIdentifier packet_identifier = 0;
    std::vector<std::string_view> filters;
    Properties properties;
};

// SUBACK and UNSUBACK. UNSUBACK of MQTT 3 has no codes.
struct SubscriptionAck {
    PacketType type = PacketType::Suback;
    PacketIdentifier packet_identifier = 0;
    std::vector<ReasonCode> reasons;
    Properties properties;
};

struct Disconnect {
    ReasonCode reason = ReasonCode::Success;
    Properties properties;
};

struct Auth {
    ReasonCode reason = ReasonCode::Success;
    Properties properties;
};

}  // namespace runnel::mqtt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace runnel::mqtt {

// The value is the Protocol Level of CONNECT (section 3.1.2.2).
enum class ProtocolVersion : uint8_t { V31 = 3, V311 = 4, V5 = 5 };

enum class QoS : uint8_t { AtMostOnce = 0, AtLeastOnce = 1, ExactlyOnce = 2 };

// Names an exchange of packets (section 2.2.1). 0 is no identifier.
using PacketIdentifier = uint16_t;

// Bits 7 to 4 of the first byte (section 2.1.2).
enum class PacketType : uint8_t {
    Reserved = 0,
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
    Auth = 15
};

// "CONNECT", "PUBLISH", ...
const char* name_of(PacketType type);

enum class RetainHandling : uint8_t { SendAlways = 0, SendIfNew = 1, SendNever = 2 };

// Section 3.8.3.1. MQTT 3 knows only the QoS.
struct SubscriptionOptions {
    QoS qos = QoS::AtMostOnce;
    bool no_local = false;
    bool retain_as_published = false;
    RetainHandling retain_handling = RetainHandling::SendAlways;
    friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

constexpr uint32_t kPacketSizeMax = 268'435'460;  // 256 MiB less one byte of Remaining Length, and the header.
constexpr uint32_t kSessionExpiryNever = 0xFFFFFFFF;

}  // namespace runnel::mqtt

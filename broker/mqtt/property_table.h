// SPDX-License-Identifier: Apache-2.0
// Inside mqtt only: what table 2-4 and the sections of chapter 3 say about each property, as rows.
#pragma once

#include "broker/mqtt/properties.h"
#include "broker/mqtt/types.h"

namespace runnel::mqtt {

enum class PropertyType : uint8_t {
    Byte,
    TwoByteInteger,
    FourByteInteger,
    VariableByteInteger,
    Text,
    BinaryData,
    TextPair
};

// Which values are a Protocol Error.
enum class PropertyRange : uint8_t {
    Any,
    Boolean,   // Only 0 and 1 are allowed.
    Nonzero,   // 0 is not allowed.
    Alias,     // 0 is not allowed and has a Reason Code of its own [MQTT-3.3.2-8].
    TopicName  // At least one character and no wildcard.
};

// One bit for each packet that may hold properties. The Will Properties, which lie in a CONNECT, take the place of the
// packet type that does not exist.
constexpr PacketType kWillProperties = PacketType::Reserved;
constexpr uint16_t packet_bit(PacketType type) {
    return static_cast<uint16_t>(1u << static_cast<unsigned>(type));
}

// Why a property is refused, in words that name it.
struct PropertyComplaints {
    const char* misplaced;
    const char* repeated;
    const char* not_text;
    const char* out_of_range;
};

struct PropertyRule {
    uint16_t packets = 0;         // Where it is allowed; 0 where no property has this identifier.
    uint16_t packets_repeat = 0;  // Where it may appear more than once.
    PropertyType type = PropertyType::Byte;
    PropertyRange range = PropertyRange::Any;
    const char* name = nullptr;
    PropertyComplaints complaints{};
};

extern const std::array<PropertyRule, kPropertyIdCount> kPropertyRules;

inline const PropertyRule& rule_of(PropertyId id) {
    return kPropertyRules[static_cast<uint8_t>(id)];
}

}  // namespace runnel::mqtt

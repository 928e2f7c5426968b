// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "broker/base/time.h"
#include "broker/mqtt/types.h"

namespace runnel::shard {

// A PUBLISH to a subscriber, as views. Encoded by hand, apart from mqtt/encoder, because this is where a broker spends
// its time: properties are copied as they came, and the size is known before a byte is written.
struct OutgoingPublish {
    std::string_view topic;
    std::string_view payload;
    std::string_view forwarded_properties;
    std::span<const uint32_t> subscription_identifiers;
    std::optional<uint32_t> message_expiry_interval;  // What remains, in seconds.
    mqtt::PacketIdentifier packet_identifier = 0;
    uint16_t topic_alias = 0;  // 0 = none.
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain = false;
    bool dup = false;
    uint64_t history_number = 0;  // As in ApplicationMessage; not encoded by itself.
    Time received_at{};
};

struct PublishSize {
    uint32_t properties = 0;  // Without their length field; MQTT 5 only.
    uint32_t head = 0;        // Everything before the payload.
    uint32_t remaining = 0;   // The Remaining Length.
    size_t total = 0;
};

PublishSize size_of(const OutgoingPublish& publish, mqtt::ProtocolVersion version);

// Writes everything before the payload (`size.head` bytes) and returns the end.
char* write_head(char* to, const OutgoingPublish& publish, mqtt::ProtocolVersion version, const PublishSize& size);

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/publish_encoder.h"

#include <cstring>

#include "broker/mqtt/encoder.h"
#include "broker/mqtt/properties.h"

namespace runnel::shard {
namespace {

using mqtt::PropertyId;

char* write_bytes(char* to, std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

char* write_properties(char* to, const OutgoingPublish& publish, uint32_t size) {
    to = mqtt::write_variable_byte_integer(to, size);
    to = write_bytes(to, publish.forwarded_properties);
    if (publish.message_expiry_interval) {
        *to++ = static_cast<char>(PropertyId::MessageExpiryInterval);
        to = mqtt::write_four_bytes(to, *publish.message_expiry_interval);
    }
    if (publish.topic_alias != 0) {
        *to++ = static_cast<char>(PropertyId::TopicAlias);
        to = mqtt::write_two_bytes(to, publish.topic_alias);
    }
    for (const uint32_t identifier : publish.subscription_identifiers) {
        *to++ = static_cast<char>(PropertyId::SubscriptionIdentifier);
        to = mqtt::write_variable_byte_integer(to, identifier);
    }
    return to;
}

}  // namespace

PublishSize size_of(const OutgoingPublish& publish, mqtt::ProtocolVersion version) {
    PublishSize size;
    size_t variable = 2 + publish.topic.size() + (publish.qos == mqtt::QoS::AtMostOnce ? 0 : 2);
    if (version == mqtt::ProtocolVersion::V5) {
        size_t properties = publish.forwarded_properties.size();
        if (publish.message_expiry_interval) properties += 5;
        if (publish.topic_alias != 0) properties += 3;
        for (const uint32_t identifier : publish.subscription_identifiers)
            properties += 1 + mqtt::variable_byte_integer_size(identifier);
        size.properties = static_cast<uint32_t>(properties);
        variable += properties + mqtt::variable_byte_integer_size(size.properties);
    }
    size.remaining = static_cast<uint32_t>(variable + publish.payload.size());
    size.head = static_cast<uint32_t>(1 + mqtt::variable_byte_integer_size(size.remaining) + variable);
    size.total = size.head + publish.payload.size();
    return size;
}

char* write_head(char* to, const OutgoingPublish& publish, mqtt::ProtocolVersion version, const PublishSize& size) {
    *to++ =
        static_cast<char>(0x30 | (publish.dup ? 8 : 0) | static_cast<int>(publish.qos) << 1 | (publish.retain ? 1 : 0));
    to = mqtt::write_variable_byte_integer(to, size.remaining);
    to = mqtt::write_two_bytes(to, static_cast<uint16_t>(publish.topic.size()));
    to = write_bytes(to, publish.topic);
    if (publish.qos != mqtt::QoS::AtMostOnce) to = mqtt::write_two_bytes(to, publish.packet_identifier);
    if (version == mqtt::ProtocolVersion::V5) to = write_properties(to, publish, size.properties);
    return to;
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
// PUBLISH, and the packets that acknowledge it.
#include "broker/mqtt/property_decoder.h"
#include "broker/mqtt/topic.h"
#include "broker/mqtt/word_scan.h"

namespace runnel::mqtt {

namespace {

// Whether eight bytes are all ASCII, and none of them U+0000 or a wildcard. Almost every Topic Name is made of such.
constexpr auto kIsPlain = [](uint64_t word) {
    const uint64_t good = nonzero_bytes(word) & nonzero_bytes(word ^ in_every_byte('+')) &
                          nonzero_bytes(word ^ in_every_byte('#')) & ~word;
    return (good & kHighBits) == kHighBits;
};

DecodeError check_topic(std::string_view topic) {
    if (!is_valid_text(topic)) return malformed("Topic Name is not valid UTF-8");                   // [MQTT-3.3.2-1]
    if (has_wildcard(topic)) return {ReasonCode::TopicNameInvalid, "Topic Name holds a wildcard"};  // [MQTT-3.3.2-2]
    return {};
}

DecodeError check_empty_topic(ProtocolVersion version, const Properties& properties) {
    if (version != ProtocolVersion::V5) return malformed("Topic Name is empty");  // [MQTT-4.7.3-1]
    if (properties.has(PropertyId::TopicAlias)) return {};
    return protocol_error("Topic Name is empty and there is no Topic Alias");
}

DecodeError decode_publish_flags(uint8_t header, Publish& out) {
    const unsigned qos = (header >> 1) & 3;
    if (qos == 3) return malformed("QoS is 3");  // [MQTT-3.3.1-4]
    out.qos = static_cast<QoS>(qos);
    out.dup = header & 8;
    out.retain = header & 1;
    if (out.dup && qos == 0) return malformed("DUP is set with QoS 0");  // [MQTT-3.3.1-2]
    return {};
}

}  // namespace

DecodeError decode_publish(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Publish& out) {
    if (auto error = decode_publish_flags(frame.header, out)) return error;
    Reader reader(frame.body);
    if (!reader.take_block(out.topic)) return malformed("Topic Name is cut off");
    if (!all_words(out.topic, kIsPlain))
        if (auto error = check_topic(out.topic)) return error;
    out.packet_identifier = 0;
    if (out.qos != QoS::AtMostOnce)
        if (auto error = decode_packet_identifier(reader, out.packet_identifier)) return error;
    out.properties.clear();
    if (version == ProtocolVersion::V5) {
        uint32_t user_properties_left = limits.user_properties_max;
        if (auto error = decode_properties(reader, PacketType::Publish, user_properties_left, out.properties))
            return error;
    }
    if (out.topic.empty())
        if (auto error = check_empty_topic(version, out.properties)) return error;
    out.payload = reader.rest();
    return {};
}

DecodeError decode_publish_ack(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits,
                               PublishAck& out) {
    out.type = frame.type();
    out.reason = ReasonCode::Success;
    out.properties.clear();
    const bool is_request = out.type == PacketType::Pubrel;
    if (auto error = is_request ? check_flags_of_request(frame, version) : check_flags(frame, 0)) return error;
    Reader reader(frame.body);
    if (auto error = decode_packet_identifier(reader, out.packet_identifier)) return error;
    if (version != ProtocolVersion::V5) return check_end(reader);
    // Both the Reason Code and the Property Length may be left out (section 3.4.2.1).
    if (reader.empty()) return {};
    if (auto error = decode_reason_code(reader, out.type, out.reason)) return error;
    if (reader.empty()) return {};
    uint32_t user_properties_left = limits.user_properties_max;
    if (auto error = decode_properties(reader, out.type, user_properties_left, out.properties)) return error;
    return check_end(reader);
}

}  // namespace runnel::mqtt

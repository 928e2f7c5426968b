// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE, UNSUBSCRIBE, and the packets that answer them.
#include "broker/mqtt/property_decoder.h"
#include "broker/mqtt/topic.h"

namespace runnel::mqtt {

namespace {

// Sections 3.8.2, 3.9.2, 3.10.2 and 3.11.2, which are alike.
template <class Packet>
DecodeError decode_variable_header(Reader& reader, PacketType type, ProtocolVersion version,
                                   uint32_t user_properties_max, Packet& out) {
    if (auto error = decode_packet_identifier(reader, out.packet_identifier)) return error;
    out.properties.clear();
    if (version != ProtocolVersion::V5) return {};
    return decode_properties(reader, type, user_properties_max, out.properties);
}

DecodeError decode_filter(Reader& reader, ProtocolVersion version, std::string_view& out) {
    if (!reader.take_block(out)) return malformed("Topic Filter is cut off");
    if (!is_valid_text(out)) return malformed("Topic Filter is not valid UTF-8");  // [MQTT-3.8.3-1]
    // MQTT 5 answers it in SUBACK, as any other filter that is not valid.
    if (out.empty() && version != ProtocolVersion::V5) return malformed("Topic Filter is empty");  // [MQTT-4.7.3-1]
    return {};
}

DecodeError decode_options_v3(uint8_t options, SubscriptionOptions& out) {
    if (options > 2) return malformed("reserved bits of the requested QoS are set, or it is 3");
    out = {};
    out.qos = static_cast<QoS>(options);
    return {};
}

DecodeError decode_options(uint8_t options, SubscriptionOptions& out) {
    if (options & 0xC0) return malformed("reserved bits of the Subscription Options are set");  // [MQTT-3.8.3-5]
    if ((options & 0x03) == 3) return protocol_error("QoS is 3");
    if ((options & 0x30) == 0x30) return protocol_error("Retain Handling is 3");
    out.qos = static_cast<QoS>(options & 0x03);
    out.no_local = options & 0x04;
    out.retain_as_published = options & 0x08;
    out.retain_handling = static_cast<RetainHandling>(options >> 4);
    return {};
}

DecodeError decode_request(Reader& reader, ProtocolVersion version, SubscriptionRequest& out) {
    if (auto error = decode_filter(reader, version, out.filter)) return error;
    uint8_t options = 0;
    if (!reader.take_byte(options)) return malformed("Subscription Options are missing");
    if (version != ProtocolVersion::V5) return decode_options_v3(options, out.options);
    if (auto error = decode_options(options, out.options)) return error;
    if (!out.options.no_local) return {};
    const auto parsed = parse_filter(out.filter);
    if (parsed && parsed->is_shared()) return protocol_error("No Local on a Shared Subscription");  // [MQTT-3.8.3-4]
    return {};
}

// The Return Codes of SUBACK in MQTT 3.
bool is_return_code(ReasonCode code) {
    return code <= ReasonCode::GrantedQoS2 || code == ReasonCode::UnspecifiedError;
}

DecodeError decode_reasons(Reader& reader, ProtocolVersion version, SubscriptionAck& out) {
    if (version != ProtocolVersion::V5 && out.type == PacketType::Unsuback) return check_end(reader);
    if (reader.empty()) return protocol_error("no Reason Codes");
    out.reasons.reserve(reader.left());
    while (!reader.empty()) {
        ReasonCode reason{};
        if (auto error = decode_reason_code(reader, out.type, reason)) return error;
        if (version != ProtocolVersion::V5 && !is_return_code(reason)) return malformed("unknown Return Code");
        out.reasons.push_back(reason);
    }
    return {};
}

}  // namespace

DecodeError decode_subscribe(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Subscribe& out) {
    out.requests.clear();
    if (auto error = check_flags_of_request(frame, version)) return error;  // [MQTT-3.8.1-1]
    Reader reader(frame.body);
    if (auto error = decode_variable_header(reader, PacketType::Subscribe, version, limits.user_properties_max, out))
        return error;
    if (reader.empty()) return protocol_error("SUBSCRIBE without a Topic Filter");  // [MQTT-3.8.3-2]
    while (!reader.empty())
        if (auto error = decode_request(reader, version, out.requests.emplace_back())) return error;
    return {};
}

DecodeError decode_unsubscribe(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits,
                               Unsubscribe& out) {
    out.filters.clear();
    if (auto error = check_flags_of_request(frame, version)) return error;  // [MQTT-3.10.1-1]
    Reader reader(frame.body);
    if (auto error = decode_variable_header(reader, PacketType::Unsubscribe, version, limits.user_properties_max, out))
        return error;
    if (reader.empty()) return protocol_error("UNSUBSCRIBE without a Topic Filter");  // [MQTT-3.10.3-2]
    while (!reader.empty())
        if (auto error = decode_filter(reader, version, out.filters.emplace_back())) return error;
    return {};
}

DecodeError decode_subscription_ack(const Frame& frame, ProtocolVersion version, SubscriptionAck& out) {
    out.type = frame.type();
    out.reasons.clear();
    if (auto error = check_flags(frame, 0)) return error;
    Reader reader(frame.body);
    if (auto error = decode_variable_header(reader, out.type, version, UINT32_MAX, out)) return error;
    return decode_reasons(reader, version, out);
}

}  // namespace runnel::mqtt

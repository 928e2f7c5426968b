// SPDX-License-Identifier: Apache-2.0
// CONNECT and CONNACK.
#include <iterator>

#include "broker/mqtt/property_decoder.h"
#include "broker/mqtt/topic.h"

namespace runnel::mqtt {

namespace {

// Section 3.1.2.3.
struct ConnectFlags {
    uint8_t bits = 0;
    bool reserved() const { return bits & 0x01; }
    bool clean_start() const { return bits & 0x02; }
    bool will() const { return bits & 0x04; }
    unsigned will_qos() const { return (bits >> 3) & 3u; }
    bool will_retain() const { return bits & 0x20; }
    bool password() const { return bits & 0x40; }
    bool user_name() const { return bits & 0x80; }
};

DecodeError recognize(Reader& reader, Connect& out, ConnectRefusal& refusal) {
    std::string_view name;
    refusal = {};
    if (!reader.take_block(name)) return malformed("Protocol Name is cut off");
    if (name != "MQTT" && name != "MQIsdp") return malformed("unknown Protocol Name");  // [MQTT-3.1.2-1]
    if (!reader.take_byte(refusal.level)) return malformed("Protocol Level is missing");
    const bool supported = name == "MQTT" ? refusal.level == 4 || refusal.level == 5 : refusal.level == 3;
    refusal.recognized = supported ? ConnectRecognized::Yes : ConnectRecognized::UnsupportedVersion;
    if (!supported) return {ReasonCode::UnsupportedProtocolVersion, "unsupported protocol version"};
    out.version = static_cast<ProtocolVersion>(refusal.level);
    return {};
}

DecodeError check_connect_flags(ConnectFlags flags, ProtocolVersion version) {
    if (flags.will() && flags.will_qos() == 3) return malformed("Will QoS is 3");  // [MQTT-3.1.2-12]
    if (flags.password() && !flags.user_name() && version != ProtocolVersion::V5)
        return malformed("Password without User Name");                      // [MQTT-3.1.2-22] of 3.1.1
    if (version == ProtocolVersion::V31) return {};                          // Calls the bits below unused.
    if (flags.reserved()) return malformed("reserved Connect Flag is set");  // [MQTT-3.1.2-3]
    if (!flags.will() && flags.will_qos() != 0) return malformed("Will QoS without Will");   // [MQTT-3.1.2-11]
    if (!flags.will() && flags.will_retain()) return malformed("Will Retain without Will");  // [MQTT-3.1.2-13]
    return {};
}

DecodeError decode_will(Reader& reader, ConnectFlags flags, ProtocolVersion version, uint32_t& user_properties_left,
                        WillFields& out) {
    out.qos = static_cast<QoS>(flags.will_qos());
    out.retain = flags.will_retain();
    if (version == ProtocolVersion::V5)
        if (auto error = decode_properties(reader, kWillProperties, user_properties_left, out.properties)) return error;
    if (!reader.take_block(out.topic)) return malformed("Will Topic is cut off");
    if (!is_valid_text(out.topic)) return malformed("Will Topic is not valid UTF-8");  // [MQTT-3.1.3-11]
    if (out.topic.empty()) return {ReasonCode::TopicNameInvalid, "Will Topic is empty"};
    if (has_wildcard(out.topic)) return {ReasonCode::TopicNameInvalid, "Will Topic holds a wildcard"};
    if (!reader.take_block(out.payload)) return malformed("Will Payload is cut off");
    return {};
}

DecodeError decode_credentials(Reader& reader, ConnectFlags flags, Connect& out) {
    // For the sake of older clients MQTT 3.1 lets a CONNECT end where a flag promises more.
    const bool may_be_missing = out.version == ProtocolVersion::V31;
    if (flags.user_name() && !(may_be_missing && reader.empty())) {
        if (!reader.take_block(out.user_name.emplace())) return malformed("User Name is cut off");
        if (!is_valid_text(*out.user_name)) return malformed("User Name is not valid UTF-8");  // [MQTT-3.1.3-12]
    }
    if (flags.password() && !(may_be_missing && reader.empty()))
        if (!reader.take_block(out.password.emplace())) return malformed("Password is cut off");
    return {};
}

DecodeError decode_connect_payload(Reader& reader, ConnectFlags flags, uint32_t& user_properties_left, Connect& out) {
    if (!reader.take_block(out.client_identifier)) return malformed("Client Identifier is cut off");
    if (!is_valid_text(out.client_identifier))
        return malformed("Client Identifier is not valid UTF-8");  // [MQTT-3.1.3-4]
    if (flags.will())
        if (auto error = decode_will(reader, flags, out.version, user_properties_left, out.will.emplace()))
            return error;
    if (auto error = decode_credentials(reader, flags, out)) return error;
    return check_end(reader);
}

// What the Connect Return Codes of MQTT 3 are called in MQTT 5.
constexpr ReasonCode kReasonOfReturnCode[] = {
    ReasonCode::Success,           ReasonCode::UnsupportedProtocolVersion, ReasonCode::ClientIdentifierNotValid,
    ReasonCode::ServerUnavailable, ReasonCode::BadUserNameOrPassword,      ReasonCode::NotAuthorized};

DecodeError decode_return_code(Reader& reader, Connack& out) {
    if (!reader.take_byte(out.return_code)) return malformed("Connect Return Code is missing");
    if (out.return_code >= std::size(kReasonOfReturnCode)) return malformed("unknown Connect Return Code");
    out.reason = kReasonOfReturnCode[out.return_code];
    return {};
}

DecodeError decode_connack_reason(Reader& reader, Connack& out) {
    if (auto error = decode_reason_code(reader, PacketType::Connack, out.reason)) return error;
    uint32_t user_properties_left = UINT32_MAX;
    return decode_properties(reader, PacketType::Connack, user_properties_left, out.properties);
}

}  // namespace

DecodeError decode_connect(const Frame& frame, const DecodeLimits& limits, Connect& out, ConnectRefusal& refusal) {
    Reader reader(frame.body);
    out.will.reset();
    out.user_name.reset();
    out.password.reset();
    out.properties.clear();
    if (auto error = recognize(reader, out, refusal)) return error;
    if (auto error = check_flags(frame, 0)) return error;
    ConnectFlags flags;
    if (!reader.take_byte(flags.bits)) return malformed("Connect Flags are missing");
    if (auto error = check_connect_flags(flags, out.version)) return error;
    out.clean_start = flags.clean_start();
    if (!reader.take_two_bytes(out.keep_alive)) return malformed("Keep Alive is cut off");
    uint32_t user_properties_left = limits.user_properties_max;
    if (out.version == ProtocolVersion::V5)
        if (auto error = decode_properties(reader, PacketType::Connect, user_properties_left, out.properties))
            return error;
    return decode_connect_payload(reader, flags, user_properties_left, out);
}

DecodeError decode_connack(const Frame& frame, ProtocolVersion version, Connack& out) {
    Reader reader(frame.body);
    out.return_code = 0;
    out.properties.clear();
    if (auto error = check_flags(frame, 0)) return error;
    uint8_t flags = 0;
    if (!reader.take_byte(flags)) return malformed("Connect Acknowledge Flags are missing");
    if (flags > 1) return malformed("reserved Connect Acknowledge Flags are set");  // [MQTT-3.2.2-1]
    out.session_present = flags == 1;
    const bool is_v5 = version == ProtocolVersion::V5;
    if (auto error = is_v5 ? decode_connack_reason(reader, out) : decode_return_code(reader, out)) return error;
    if (out.session_present && out.reason != ReasonCode::Success)
        return protocol_error("Session Present in a refusal");  // [MQTT-3.2.2-6]
    return check_end(reader);
}

}  // namespace runnel::mqtt

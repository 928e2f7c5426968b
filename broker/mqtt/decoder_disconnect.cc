// SPDX-License-Identifier: Apache-2.0
// PINGREQ, PINGRESP, DISCONNECT and AUTH.
#include "broker/mqtt/property_decoder.h"

namespace runnel::mqtt {

DecodeError decode_ping(const Frame& frame) {
    if (auto error = check_flags(frame, 0)) return error;
    return check_end(Reader(frame.body));
}

DecodeError decode_disconnect(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits,
                              Disconnect& out) {
    out.reason = ReasonCode::Success;
    out.properties.clear();
    if (auto error = check_flags(frame, 0)) return error;  // [MQTT-3.14.1-1]
    Reader reader(frame.body);
    if (version != ProtocolVersion::V5) return check_end(reader);
    // Both the Reason Code and the Property Length may be left out (sections 3.14.2.1 and 3.14.2.2.1).
    if (reader.empty()) return {};
    if (auto error = decode_reason_code(reader, PacketType::Disconnect, out.reason)) return error;
    if (reader.empty()) return {};
    uint32_t user_properties_left = limits.user_properties_max;
    if (auto error = decode_properties(reader, PacketType::Disconnect, user_properties_left, out.properties))
        return error;
    return check_end(reader);
}

DecodeError decode_auth(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Auth& out) {
    out.reason = ReasonCode::Success;
    out.properties.clear();
    if (version != ProtocolVersion::V5) return malformed("AUTH is not a packet of MQTT 3");
    if (auto error = check_flags(frame, 0)) return error;  // [MQTT-3.15.1-1]
    Reader reader(frame.body);
    if (reader.empty()) return {};  // Success and no properties (section 3.15.2.1).
    if (auto error = decode_reason_code(reader, PacketType::Auth, out.reason)) return error;
    uint32_t user_properties_left = limits.user_properties_max;
    if (auto error = decode_properties(reader, PacketType::Auth, user_properties_left, out.properties)) return error;
    if (!out.properties.has(PropertyId::AuthenticationMethod))
        return protocol_error("AUTH without Authentication Method");  // Section 3.15.2.2.2.
    return check_end(reader);
}

}  // namespace runnel::mqtt

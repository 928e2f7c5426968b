// SPDX-License-Identifier: Apache-2.0
// Inside mqtt only: what the decoders share.
#pragma once

#include "broker/mqtt/decoder.h"
#include "broker/mqtt/property_table.h"
#include "broker/mqtt/reader.h"
#include "broker/mqtt/text.h"

namespace runnel::mqtt {

constexpr DecodeError malformed(const char* what) {
    return {ReasonCode::MalformedPacket, what};
}
constexpr DecodeError protocol_error(const char* what) {
    return {ReasonCode::ProtocolError, what};
}

// Decodes a block with its Property Length in front. `packet` says what it belongs to, or kWillProperties;
// `user_properties_left` is lowered by the User Properties found.
DecodeError decode_property_block(Reader& reader, PacketType packet, uint32_t& user_properties_left, Properties& out);

inline DecodeError decode_properties(Reader& reader, PacketType packet, uint32_t& user_properties_left,
                                     Properties& out) {
    out.clear();
    // Most packets have none: a Property Length of 0.
    if (!reader.empty() && *reader.position() == 0) {
        uint8_t length = 0;
        if (reader.take_byte(length)) return {};
    }
    return decode_property_block(reader, packet, user_properties_left, out);
}

inline DecodeError decode_packet_identifier(Reader& reader, PacketIdentifier& out) {
    if (!reader.take_two_bytes(out)) return malformed("Packet Identifier is cut off");
    if (out == 0) return protocol_error("Packet Identifier is 0");  // [MQTT-2.2.1-3]
    return {};
}

// [MQTT-2.1.3-1]
inline DecodeError check_flags(const Frame& frame, unsigned flags) {
    if ((frame.header & 0x0Fu) != flags) return malformed("reserved flags of the fixed header are wrong");
    return {};
}

// For PUBREL, SUBSCRIBE and UNSUBSCRIBE. MQTT 3.1 sends them with QoS 1, and with DUP when they are sent again.
inline DecodeError check_flags_of_request(const Frame& frame, ProtocolVersion version) {
    if (version == ProtocolVersion::V31 && (frame.header & 0x0F) == 0x0A) return {};
    return check_flags(frame, 2);
}

inline DecodeError decode_reason_code(Reader& reader, PacketType packet, ReasonCode& out) {
    uint8_t code = 0;
    if (!reader.take_byte(code)) return malformed("Reason Code is missing");
    out = static_cast<ReasonCode>(code);
    if (!is_listed(packet, out)) return protocol_error("Reason Code is not one of this packet");
    return {};
}

inline DecodeError check_end(const Reader& reader) {
    if (!reader.empty()) return malformed("surplus bytes at the end of the packet");
    return {};
}

}  // namespace runnel::mqtt

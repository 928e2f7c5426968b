// SPDX-License-Identifier: Apache-2.0
// From packets to bytes. Every function appends one whole Control Packet to `out`. Properties are left out for MQTT 3.
// What is given must be valid and fit (texts up to 65,535 bytes); the encoder checks that as an invariant of ours.
#pragma once

#include <string>

#include "broker/mqtt/packets.h"

namespace runnel::mqtt {

void encode(const Connect& packet, std::string& out);
void encode(const Connack& packet, ProtocolVersion version, std::string& out);
void encode(const Publish& packet, ProtocolVersion version, std::string& out);
// The shortest form: Reason Code and Property Length are left out where they may be (section 3.4.2.1).
void encode(const PublishAck& packet, ProtocolVersion version, std::string& out);
void encode(const Subscribe& packet, ProtocolVersion version, std::string& out);
void encode(const Unsubscribe& packet, ProtocolVersion version, std::string& out);
// In MQTT 3 every error of SUBACK is 0x80 and UNSUBACK has no codes.
void encode(const SubscriptionAck& packet, ProtocolVersion version, std::string& out);
void encode(const Disconnect& packet, ProtocolVersion version, std::string& out);
void encode(const Auth& packet, std::string& out);
void encode_pingreq(std::string& out);
void encode_pingresp(std::string& out);

// The size that encoding these properties takes, Property Length included.
size_t encoded_size(const Properties& properties);

// Bytes that a Variable Byte Integer takes: 1 to 4.
constexpr size_t variable_byte_integer_size(uint32_t value) {
    return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}
// Writes a Variable Byte Integer at `to` and returns the end (section 1.5.5).
inline char* write_variable_byte_integer(char* to, uint32_t value) {
    while (value >= 128) {
        *to++ = static_cast<char>(value | 128);
        value >>= 7;
    }
    *to++ = static_cast<char>(value);
    return to;
}
inline char* write_two_bytes(char* to, uint16_t value) {
    *to++ = static_cast<char>(value >> 8);
    *to++ = static_cast<char>(value);
    return to;
}
inline char* write_four_bytes(char* to, uint32_t value) {
    return write_two_bytes(write_two_bytes(to, static_cast<uint16_t>(value >> 16)), static_cast<uint16_t>(value));
}

}  // namespace runnel::mqtt

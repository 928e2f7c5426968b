// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/reason_code.h"

#include <initializer_list>

namespace runnel::mqtt {

namespace {

const char* name_of_success(ReasonCode code) {
    switch (code) {
        case ReasonCode::Success: return "Success";
        case ReasonCode::GrantedQoS1: return "Granted QoS 1";
        case ReasonCode::GrantedQoS2: return "Granted QoS 2";
        case ReasonCode::DisconnectWithWill: return "Disconnect with Will Message";
        case ReasonCode::NoMatchingSubscribers: return "No matching subscribers";
        case ReasonCode::NoSubscriptionExisted: return "No subscription existed";
        case ReasonCode::ContinueAuthentication: return "Continue authentication";
        case ReasonCode::ReAuthenticate: return "Re-authenticate";
        default: return "Unknown Reason Code";
    }
}

// 0x80 to 0xA2 without a gap.
constexpr const char* kErrorNames[] = {
    "Unspecified error",
    "Malformed Packet",
    "Protocol Error",
    "Implementation specific error",
    "Unsupported Protocol Version",
    "Client Identifier not valid",
    "Bad User Name or Password",
    "Not authorized",
    "Server unavailable",
    "Server busy",
    "Banned",
    "Server shutting down",
    "Bad authentication method",
    "Keep Alive timeout",
    "Session taken over",
    "Topic Filter invalid",
    "Topic Name invalid",
    "Packet Identifier in use",
    "Packet Identifier not found",
    "Receive Maximum exceeded",
    "Topic Alias invalid",
    "Packet too large",
    "Message rate too high",
    "Quota exceeded",
    "Administrative action",
    "Payload format invalid",
    "Retain not supported",
    "QoS not supported",
    "Use another server",
    "Server moved",
    "Shared Subscriptions not supported",
    "Connection rate exceeded",
    "Maximum connect time",
    "Subscription Identifiers not supported",
    "Wildcard Subscriptions not supported",
};
static_assert(sizeof kErrorNames / sizeof *kErrorNames == 0xA2 - 0x80 + 1);

// A few of the 256 codes: those from 0x00 to 0x3F and those from 0x80 to 0xBF.
struct CodeSet {
    uint64_t low = 0;
    uint64_t high = 0;

    static constexpr CodeSet of(std::initializer_list<unsigned> codes) {
        CodeSet set;
        for (const unsigned code : codes)
            (code < 0x80 ? set.low : set.high) |= uint64_t{1} << (code & 0x3F);
        return set;
    }
    constexpr bool has(ReasonCode reason) const {
        const auto code = static_cast<unsigned>(reason);
        if (code & 0x40) return false;
        return ((code < 0x80 ? low : high) >> (code & 0x3F)) & 1;
    }
};

constexpr CodeSet kConnackCodes = CodeSet::of({0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
                                               0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F});
constexpr CodeSet kPubackCodes = CodeSet::of({0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
constexpr CodeSet kPubrelCodes = CodeSet::of({0x00, 0x92});
constexpr CodeSet kSubackCodes = CodeSet::of({0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2});
constexpr CodeSet kUnsubackCodes = CodeSet::of({0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91});
// Table 3-10, and Bad authentication method, which only the table of section 2.4 has.
constexpr CodeSet kDisconnectCodes =
    CodeSet::of({0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93,
                 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2});
constexpr CodeSet kClientDisconnectCodes =
    CodeSet::of({0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99});
constexpr CodeSet kAuthCodes = CodeSet::of({0x00, 0x18, 0x19});
constexpr CodeSet kClientAuthCodes = CodeSet::of({0x18, 0x19});

CodeSet codes_of(PacketType type) {
    switch (type) {
        case PacketType::Connack: return kConnackCodes;
        case PacketType::Puback:
        case PacketType::Pubrec: return kPubackCodes;
        case PacketType::Pubrel:
        case PacketType::Pubcomp: return kPubrelCodes;
        case PacketType::Suback: return kSubackCodes;
        case PacketType::Unsuback: return kUnsubackCodes;
        case PacketType::Disconnect: return kDisconnectCodes;
        case PacketType::Auth: return kAuthCodes;
        default: return {};
    }
}

}  // namespace

const char* name_of(ReasonCode code) {
    if (!is_error(code)) return name_of_success(code);
    const auto index = static_cast<uint8_t>(code) - 0x80;
    return index <= 0xA2 - 0x80 ? kErrorNames[index] : "Unknown Reason Code";
}

bool is_listed(PacketType type, ReasonCode code) {
    return codes_of(type).has(code);
}

bool is_listed_for_client(PacketType type, ReasonCode code) {
    switch (type) {
        case PacketType::Disconnect: return kClientDisconnectCodes.has(code);
        case PacketType::Auth: return kClientAuthCodes.has(code);
        case PacketType::Puback:
        case PacketType::Pubrec:
        case PacketType::Pubrel:
        case PacketType::Pubcomp: return is_listed(type, code);
        default: return false;
    }
}

uint8_t connect_return_code_of(ReasonCode code) {
    switch (code) {
        case ReasonCode::UnsupportedProtocolVersion: return 1;
        case ReasonCode::ClientIdentifierNotValid: return 2;
        case ReasonCode::ServerUnavailable:
        case ReasonCode::ServerBusy:
        case ReasonCode::ServerShuttingDown:
        case ReasonCode::QuotaExceeded:
        case ReasonCode::UseAnotherServer:
        case ReasonCode::ServerMoved:
        case ReasonCode::ConnectionRateExceeded: return 3;
        case ReasonCode::BadUserNameOrPassword: return 4;
        case ReasonCode::NotAuthorized:
        case ReasonCode::Banned:
        case ReasonCode::RetainNotSupported:
        case ReasonCode::QoSNotSupported: return 5;
        default: return 0;
    }
}

}  // namespace runnel::mqtt

// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/refusal.h"

#include <cstdio>

namespace runnel::ctl {

using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

// Section 3.2.2.3 of MQTT 3.1.1.
const char* return_code_text(uint8_t return_code) {
    switch (return_code) {
        case 1: return "Unacceptable protocol version (1)";
        case 2: return "Identifier rejected (2)";
        case 3: return "Server unavailable (3)";
        case 4: return "Bad user name or password (4)";
        case 5: return "Not authorized (5)";
        default: return "Unknown return code";
    }
}

// Whether the same CONNECT may be accepted later.
bool may_pass(ReasonCode reason) {
    switch (reason) {
        case ReasonCode::UnspecifiedError:
        case ReasonCode::ServerUnavailable:
        case ReasonCode::ServerBusy:
        case ReasonCode::ServerShuttingDown:
        case ReasonCode::KeepAliveTimeout:
        case ReasonCode::ConnectionRateExceeded:
        case ReasonCode::MessageRateTooHigh:
        case ReasonCode::QuotaExceeded:
        case ReasonCode::MaximumConnectTime: return true;
        default: return false;
    }
}

std::string server_reference(const mqtt::Properties& properties) {
    if (!properties.has(mqtt::PropertyId::ServerReference)) return {};
    return "; use " + std::string(properties.text(mqtt::PropertyId::ServerReference));
}

}  // namespace

std::string describe(ReasonCode reason, const mqtt::Properties& properties) {
    char code[16];
    std::snprintf(code, sizeof code, " (0x%02X)", static_cast<unsigned>(reason));
    std::string text = mqtt::name_of(reason) + std::string(code);
    if (properties.has(mqtt::PropertyId::ReasonString))
        text += ": " + std::string(properties.text(mqtt::PropertyId::ReasonString));
    return text;
}

mqtt::DecodeError decode_any_connack(const mqtt::Frame& frame, ProtocolVersion version, mqtt::Connack& connack) {
    const bool is_old = version == ProtocolVersion::V5 && frame.body.size() == 2;
    return decode_connack(frame, is_old ? ProtocolVersion::V311 : version, connack);
}

std::optional<Failure> refusal_of(const mqtt::Connack& connack, ProtocolVersion version) {
    const std::string prefix = "connection refused by the broker: ";
    if (connack.return_code != 0) {
        std::string text = prefix + return_code_text(connack.return_code);
        if (connack.return_code == 1 && version == ProtocolVersion::V5) text += "; try -V 311";
        return Failure{text, connack.return_code, connack.return_code != 3};
    }
    if (!is_error(connack.reason)) return std::nullopt;
    std::string text = prefix + describe(connack.reason, connack.properties) + server_reference(connack.properties);
    if (connack.reason == ReasonCode::UnsupportedProtocolVersion) text += "; try -V 311";
    return Failure{text, static_cast<int>(connack.reason), !may_pass(connack.reason)};
}

Failure failure_of(const mqtt::Disconnect& disconnect) {
    const std::string text = "the broker closed the connection: " + describe(disconnect.reason, disconnect.properties) +
                             server_reference(disconnect.properties);
    // Success: "Close the connection", without a reason against coming back.
    const bool is_final = is_error(disconnect.reason) && !may_pass(disconnect.reason);
    return {text, is_error(disconnect.reason) ? static_cast<int>(disconnect.reason) : 1, is_final};
}

}  // namespace runnel::ctl

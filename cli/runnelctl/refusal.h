// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "broker/mqtt/decoder.h"

namespace runnel::ctl {

// Why a command ends without success.
struct Failure {
    std::string text;      // For the user.
    int exit_code = 1;     // What --help lists.
    bool is_final = true;  // Whether connecting again would not help.
};

// "Not authorized (0x87)", with ": " and the Reason String if there is one.
std::string describe(mqtt::ReasonCode reason, const mqtt::Properties& properties);

// Also reads what a broker of MQTT 3 answers to a client of MQTT 5.
mqtt::DecodeError decode_any_connack(const mqtt::Frame& frame, mqtt::ProtocolVersion version, mqtt::Connack& connack);

// Nothing if the broker accepts the connection. The exit code is the Connect Return Code or Reason Code.
std::optional<Failure> refusal_of(const mqtt::Connack& connack, mqtt::ProtocolVersion version);

// The end that DISCONNECT of the broker announces.
Failure failure_of(const mqtt::Disconnect& disconnect);

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>

#include "broker/mqtt/packets.h"

namespace runnel::ctl {

// How the payload stands in a JSON line.
enum class JsonPayload {
    Text,  // A string; `payload_base64` in its place if it is not UTF-8.
    Value  // JSON itself.
};

// Appends the message as one JSON object. Without effect and false if the payload should be a Value and is none.
bool append_json_message(std::string& out, const mqtt::Publish& message, const timespec& received_at,
                         JsonPayload payload);

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace runnel::api {

// What MQTT of a client comes in.
enum class ClientTransport : uint8_t {
    Mqtt,  // As it is.
    WebSocket,
    Http,  // A request behind which the broker sees an MQTT client.
};

}  // namespace runnel::api

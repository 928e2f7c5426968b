// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace runnel::net {

// What is spoken on a listener.
enum class ListenerProtocol : uint8_t {
    Mqtt,
    Http,
    Auto,  // Either of them: the first byte tells.
};

inline std::string_view name_of(ListenerProtocol protocol) {
    switch (protocol) {
        case ListenerProtocol::Mqtt: return "mqtt";
        case ListenerProtocol::Http: return "http";
        case ListenerProtocol::Auto: return "auto";
    }
    return "";
}

}  // namespace runnel::net

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "test/simulation/chance.h"

namespace runnel::simulation {

// The client's side of MQTT over WebSocket (RFC 6455): chance decides where a frame ends and a message, what masks it,
// whether pings come between, and whether the client waits for the answer before it sends.
class WebWire {
public:
    explicit WebWire(Chance& chance) : chance_(chance), waits_(chance.percent(50)) {}

    // What the client sends first.
    static std::string request();
    // Bytes of MQTT in the form that is sent; nothing yet if the client waits.
    std::string wrap(std::string_view bytes);
    // What the broker sent; answers the MQTT in it. What has to be sent in return is appended to `back`.
    std::string unwrap(std::string_view bytes, std::string& back);
    // What the broker did wrong; empty: nothing.
    const std::string& fault() const { return fault_; }

private:
    std::string frame(uint8_t first, std::string_view payload);
    std::string frames_of(std::string_view bytes);
    // False if there is no whole one.
    bool take_frame(std::string& inside, std::string& back);
    void take_answer(std::string& back);
    void take_pong(std::string_view payload);

    Chance& chance_;
    bool waits_;
    bool opened_ = false;
    bool closed_ = false;
    bool in_message_ = false;
    std::string held_;   // Until the client may send.
    std::string input_;  // Of a frame that is not whole yet.
    std::deque<std::string> pings_;
    std::string fault_;
};

}  // namespace runnel::simulation

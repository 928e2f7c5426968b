// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/web_wire.h"

#include <algorithm>
#include <array>
#include <utility>

namespace runnel::simulation {
namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kContinuation = 0;
constexpr uint8_t kBinary = 2;
constexpr uint8_t kClose = 8;
constexpr uint8_t kPing = 9;
constexpr uint8_t kPong = 10;
constexpr size_t kFrameMax = 60'000;

}  // namespace

std::string WebWire::request() {
    return "GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Protocol: mqtt\r\n\r\n";
}

std::string WebWire::frame(uint8_t first, std::string_view payload) {
    std::string out(1, static_cast<char>(first));
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    }
    const uint64_t random = chance_.next();
    std::array<char, 4> mask{};
    for (size_t i = 0; i < mask.size(); ++i)
        mask[i] = static_cast<char>(random >> (8 * i));
    out.append(mask.data(), mask.size());
    for (size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ mask[i % 4]);
    return out;
}

std::string WebWire::frames_of(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        if (chance_.percent(5)) {
            pings_.push_back(std::to_string(chance_.below(1'000'000)));
            out += frame(kFinal | kPing, pings_.back());
        }
        size_t size = std::min(bytes.size(), kFrameMax);
        if (chance_.percent(50)) size = 1 + chance_.below(size);
        const bool is_last = chance_.percent(70);
        const uint8_t opcode = in_message_ ? kContinuation : kBinary;
        out += frame(static_cast<uint8_t>((is_last ? kFinal : 0) | opcode), bytes.substr(0, size));
        in_message_ = !is_last;
        bytes.remove_prefix(size);
    }
    return out;
}

std::string WebWire::wrap(std::string_view bytes) {
    if (opened_ || !waits_) return frames_of(bytes);
    held_ += bytes;
    return {};
}

std::string WebWire::unwrap(std::string_view bytes, std::string& back) {
    input_ += bytes;
    if (!opened_) take_answer(back);
    std::string inside;
    while (opened_ && fault_.empty() && !closed_ && take_frame(inside, back)) {
    }
    return inside;
}

void WebWire::take_answer(std::string& back) {
    const size_t end = input_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    // Of the key above.
    constexpr std::string_view kAccept = "Sec-WebSocket-Accept: ";
    const size_t accept = input_.find(kAccept);
    if (!input_.starts_with("HTTP/1.1 101 ") || accept > end) fault_ = "answered with " + input_.substr(0, end);
    input_.erase(0, end + 4);
    opened_ = true;
    back += frames_of(std::exchange(held_, {}));
}

bool WebWire::take_frame(std::string& inside, std::string& back) {
    if (input_.size() < 2) return false;
    const auto byte = [this](size_t at) { return static_cast<uint8_t>(input_[at]); };
    const size_t short_size = byte(1) & 0x7f;
    const size_t length_bytes = short_size == 126 ? 2 : short_size == 127 ? 8 : 0;
    if (input_.size() < 2 + length_bytes) return false;
    size_t size = length_bytes == 0 ? short_size : 0;
    for (size_t i = 0; i < length_bytes; ++i)
        size = size << 8 | byte(2 + i);
    if (input_.size() < 2 + length_bytes + size) return false;
    const uint8_t opcode = byte(0) & 0x0f;
    if ((byte(0) & 0x70) != 0 || (byte(1) & 0x80) != 0) fault_ = "a frame of the broker has reserved bits or a mask";
    const std::string payload = input_.substr(2 + length_bytes, size);
    input_.erase(0, 2 + length_bytes + size);
    switch (opcode) {
        case kContinuation:
        case kBinary: inside += payload; break;
        case kClose: closed_ = true; break;
        case kPing: back += frame(kFinal | kPong, payload); break;
        case kPong: take_pong(payload); break;
        default: fault_ = "a frame of the broker has opcode " + std::to_string(opcode);
    }
    return true;
}

// Each answers the last ping, or one before it (RFC 6455 section 5.5.3).
void WebWire::take_pong(std::string_view payload) {
    const auto at = std::find(pings_.begin(), pings_.end(), payload);
    if (at == pings_.end()) {
        fault_ = "a pong answers no ping";
        return;
    }
    pings_.erase(pings_.begin(), at + 1);
}

}  // namespace runnel::simulation

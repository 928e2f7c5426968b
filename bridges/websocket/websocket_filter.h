// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridges/websocket/frame_lengths.h"
#include "broker/api/byte_filter.h"

namespace runnel::websocket {

// The server's side of one WebSocket connection (RFC 6455) after its handshake, carrying MQTT in binary messages (MQTT
// 5.0 section 6): a message may hold a part of a packet or several. Frames are not kept: what they carry goes on at
// once, so that a frame costs no memory whatever length it announces.
class WebSocketFilter final : public api::ByteFilter {
public:
    // A frame that announces more bytes than `frame_size_max` ends the connection with 1009.
    explicit WebSocketFilter(uint64_t frame_size_max);
    ~WebSocketFilter() override;

    bool received(std::string_view bytes, std::string& inside, std::string& outside) override;
    void wrap(std::span<const std::string_view> inside, std::string& outside) override;
    void close(std::string& outside) override;

private:
    struct Callbacks;
    struct Frames;  // wslay's side.

    void end(uint16_t status_code);
    void correct_close();
    void take_answers(std::string& outside);

    std::unique_ptr<Frames> frames_;
    uint64_t frame_size_max_;
    std::string_view input_;         // Of the call.
    std::string* inside_ = nullptr;  // Of the call.
    std::string answers_;            // Control frames of ours.
    bool carries_mqtt_ = false;      // The frame that is being read.
    bool is_bare_close_ = false;     // The frame that is being read closes without a code.
    size_t bad_close_size_ = 0;      // Of the payload of a close whose reason is not UTF-8.
    FrameLengths lengths_;
    uint32_t pings_ = 0;  // In the bytes of this call.
    bool ended_ = false;
};

}  // namespace runnel::websocket

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace runnel::websocket {

// Follows the heads of a client's frames (RFC 6455 section 5.2) as they come, for their lengths alone: wslay tells of a
// frame only when its first byte of payload is there.
class FrameLengths {
public:
    // Where in `bytes` the head of a frame ends that announces more than `size_max` bytes; nothing if none does.
    std::optional<size_t> find_longer(std::string_view bytes, uint64_t size_max) {
        size_t at = 0;
        while (at < bytes.size()) {
            if (skip_ != 0) {
                const uint64_t step = skip_ < bytes.size() - at ? skip_ : bytes.size() - at;
                skip_ -= step;
                at += step;
                continue;
            }
            if (!take(static_cast<uint8_t>(bytes[at++]))) continue;
            if (length_ > size_max) return at;
            skip_ = length_ + (is_masked_ ? kMaskSize : 0);
        }
        return std::nullopt;
    }

private:
    static constexpr uint64_t kMaskSize = 4;

    // Whether the length is known now.
    bool take(uint8_t byte) {
        switch (read_++) {
            case 0: return false;
            case 1:
                is_masked_ = (byte & 0x80) != 0;
                length_ = byte & 0x7f;
                length_bytes_ = length_ == 126 ? 2 : length_ == 127 ? 8 : 0;
                if (length_bytes_ != 0) length_ = 0;
                break;
            default: length_ = length_ << 8 | byte;
        }
        if (read_ < 2 + length_bytes_) return false;
        read_ = 0;
        return true;
    }

    uint64_t skip_ = 0;  // Up to the next head.
    uint64_t length_ = 0;
    uint8_t read_ = 0;  // Bytes of the head.
    uint8_t length_bytes_ = 0;
    bool is_masked_ = false;
};

}  // namespace runnel::websocket

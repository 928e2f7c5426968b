// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/decoder.h"

namespace runnel::mqtt {

FrameState read_frame(std::span<const uint8_t> bytes, uint32_t packet_size_max, Frame& frame) {
    frame.size = 0;
    size_t remaining_length = 0;
    size_t header_size = 1;
    for (unsigned shift = 0;; shift += 7) {
        if (header_size >= bytes.size()) return FrameState::Partial;
        const uint8_t byte = bytes[header_size++];
        remaining_length |= static_cast<size_t>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift != 0) return FrameState::Malformed;
            break;
        }
        if (shift == 21) return FrameState::Malformed;
    }
    frame.size = header_size + remaining_length;
    if (frame.size > packet_size_max) return FrameState::TooLarge;
    if (frame.size > bytes.size()) return FrameState::Partial;
    frame.header = bytes[0];
    frame.body = {reinterpret_cast<const char*>(bytes.data()) + header_size, remaining_length};
    return FrameState::Complete;
}

}  // namespace runnel::mqtt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace runnel::session {

// Room in a queue beyond its limits, for the Retained Messages that a SUBSCRIBE brings all at once. As the queue
// becomes shorter than this, the room goes.
struct ExtraRoom {
    size_t messages = 0;
    uint64_t bytes = 0;

    // For one more message, unless there is room for `most` already.
    void add(uint64_t message_bytes, size_t most) {
        if (messages >= most) return;
        ++messages;
        bytes += message_bytes;
    }
    void shrink_to(size_t queued_messages, uint64_t queued_bytes) {
        messages = std::min(messages, queued_messages);
        bytes = std::min(bytes, queued_bytes);
    }
};

}  // namespace runnel::session

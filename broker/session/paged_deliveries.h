// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "broker/base/ring.h"

namespace runnel::session {

// What is left in memory of deliveries that are in the store only: four bytes each. They are consecutive in number, in
// whole stored segments but for the first one, of which the oldest may have been dropped.
class PagedDeliveries {
public:
    // Of those that are needed.
    size_t count() const { return count_; }
    uint64_t bytes() const { return bytes_; }
    bool empty() const { return words_.empty(); }

    // The number of the oldest one, and the one behind the newest.
    uint64_t first() const { return first_; }
    uint64_t end() const { return first_ + words_.size(); }
    // Of the segment in which the oldest one is.
    uint64_t segment_first() const { return segment_first_; }

    // A whole segment, behind all others. Sizes are those of ApplicationMessage::memory_size(); 0 is not needed.
    void append(uint64_t segment_first, std::span<const uint64_t> sizes);

    struct Taken {
        uint64_t size = 0;                      // 0: was not needed.
        std::optional<uint64_t> ended_segment;  // It was the last one of this segment.
    };
    // Takes the oldest one out, needed or not.
    Taken pop_front();

private:
    static constexpr uint32_t kBeginsSegment = 1u << 31;

    uint64_t first_ = 0;
    uint64_t segment_first_ = 0;
    size_t count_ = 0;
    uint64_t bytes_ = 0;
    Ring<uint32_t> words_;  // The size; the highest bit if a segment begins.
};

}  // namespace runnel::session

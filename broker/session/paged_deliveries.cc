// SPDX-License-Identifier: Apache-2.0
#include "broker/session/paged_deliveries.h"

namespace runnel::session {

void PagedDeliveries::append(uint64_t segment_first, std::span<const uint64_t> sizes) {
    if (words_.empty()) first_ = segment_first_ = segment_first;
    // Numbers between two segments were never stored, or are not needed any more.
    RUNNEL_CHECK(segment_first >= end());
    while (end() < segment_first)
        words_.push_back(kBeginsSegment);
    uint32_t begins = kBeginsSegment;
    for (const uint64_t size : sizes) {
        RUNNEL_CHECK(size < kBeginsSegment);
        words_.push_back(static_cast<uint32_t>(size) | std::exchange(begins, 0u));
        bytes_ += size;
        if (size != 0) ++count_;
    }
}

PagedDeliveries::Taken PagedDeliveries::pop_front() {
    Taken taken;
    taken.size = words_.pop_front() & ~kBeginsSegment;
    ++first_;
    bytes_ -= taken.size;
    if (taken.size != 0) --count_;
    if (words_.empty() || (words_.front() & kBeginsSegment) != 0)
        taken.ended_segment = std::exchange(segment_first_, first_);
    return taken;
}

}  // namespace runnel::session

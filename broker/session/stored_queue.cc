// SPDX-License-Identifier: Apache-2.0
#include "broker/session/stored_queue.h"

#include <algorithm>

#include "broker/base/check.h"

namespace runnel::session {

uint64_t StoredQueue::add(const Delivery& delivery, WallClock clock) {
    if (open_.empty()) {
        open_.push_back(static_cast<char>(kRecordVersion));
        segments_.push_back({next_, 0, 0});
    }
    encode_delivery(delivery, clock, open_);
    Segment& segment = segments_[segments_.size() - 1];
    ++segment.count;
    ++segment.alive;
    return next_++;
}

StoredQueue::Segment* StoredQueue::find(uint64_t number) {
    size_t low = 0;
    size_t high = segments_.size();
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (segments_[middle].first + segments_[middle].count <= number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == segments_.size() || segments_[low].first > number) return nullptr;
    return &segments_[low];
}

void StoredQueue::finished(uint64_t number) {
    Segment* segment = find(number);
    RUNNEL_CHECK(segment != nullptr && segment->alive > 0);
    --segment->alive;
    const bool is_open = !open_.empty() && segment->first == segments_[segments_.size() - 1].first;
    if (segment->alive == 0 && !is_open) emptied_.push_back(segment->first);
    const auto is_gone = [&](const Segment& one) { return one.alive == 0 && (open_.empty() || segments_.size() > 1); };
    while (!segments_.empty() && is_gone(segments_.front()))
        segments_.pop_front();
}

void StoredQueue::restore(uint64_t first, uint32_t count, uint32_t alive) {
    next_ = std::max(next_, first + count);
    if (alive == 0)
        emptied_.push_back(first);
    else
        segments_.push_back({first, count, alive});
}

std::optional<StoredQueue::Written> StoredQueue::take_open() {
    if (open_.empty()) return std::nullopt;
    const Segment last = segments_[segments_.size() - 1];
    Written written{last.first, std::exchange(open_, {})};
    if (last.alive != 0) return written;
    segments_.pop_back();
    return std::nullopt;
}

const std::vector<uint64_t>& StoredQueue::taken(uint64_t queue_first) {
    std::erase_if(taken_, [&](uint64_t number) { return number < queue_first; });
    return taken_;
}

}  // namespace runnel::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/session/stored_queue.h"

#include <algorithm>

#include "broker/base/check.h"

namespace runnel::session {

namespace {

StoredQueue::Segment* find_in(Ring<StoredQueue::Segment>& segments, uint64_t number) {
    size_t low = 0;
    size_t high = segments.size();
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (segments[middle].first + segments[middle].count <= number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == segments.size() || segments[low].first > number) return nullptr;
    return &segments[low];
}

}  // namespace

uint64_t StoredQueue::add(const Delivery& delivery, WallClock clock) {
    if (open_.empty()) behind_.push_back({next_, 0, 0, kNotWritten});
    encode_delivery(delivery, clock, open_);
    open_sizes_.push_back(delivery.message->memory_size());
    Segment& segment = behind_.back();
    ++segment.count;
    ++segment.alive;
    return next_++;
}

void StoredQueue::finished(uint64_t number) {
    Segment* segment = find_in(before_, number);
    Ring<Segment>& segments = segment != nullptr ? before_ : behind_;
    if (segment == nullptr) segment = find_in(behind_, number);
    RUNNEL_CHECK(segment != nullptr && segment->alive > 0);
    --segment->alive;
    if (segment->alive == 0 && segment->ticket != kNotWritten) emptied_.push_back(segment->first);
    forget_dead(segments);
}

void StoredQueue::forget_dead(Ring<Segment>& segments) {
    while (!segments.empty() && segments.front().alive == 0 && segments.front().ticket != kNotWritten)
        segments.pop_front();
}

StoredQueue::Segment StoredQueue::pop_behind() {
    const Segment segment = behind_.pop_front();
    forget_dead(behind_);
    return segment;
}

void StoredQueue::restore(uint64_t first, uint32_t count, uint32_t alive) {
    next_ = std::max(next_, first + count);
    if (alive == 0)
        emptied_.push_back(first);
    else
        behind_.push_back({first, count, alive, 0});
}

void StoredQueue::read(uint64_t first, uint32_t count, uint32_t alive) {
    if (alive == 0)
        emptied_.push_back(first);
    else
        before_.push_back({first, count, alive, 0});
}

std::optional<StoredQueue::Written> StoredQueue::take_open(uint64_t ticket) {
    if (open_.empty()) return std::nullopt;
    Segment& last = behind_.back();
    Written written{last.first, {}};
    const std::string deliveries = std::exchange(open_, {});
    const std::vector<uint64_t> sizes = std::exchange(open_sizes_, {});
    if (last.alive == 0) {
        behind_.pop_back();
        return std::nullopt;
    }
    last.ticket = ticket;
    encode_segment(sizes, deliveries, written.record);
    return written;
}

const std::vector<uint64_t>& StoredQueue::taken(uint64_t queue_first) {
    std::erase_if(taken_, [&](uint64_t number) { return number < queue_first; });
    return taken_;
}

}  // namespace runnel::session

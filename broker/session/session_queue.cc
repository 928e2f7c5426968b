// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_queue.h"

#include <vector>

#include "broker/session/record.h"
#include "broker/session/stored_queue.h"

namespace runnel::session {

void SessionQueue::push_back(Delivery delivery) {
    back_bytes_ += delivery.message->memory_size();
    back_.push_back(std::move(delivery));
}

Delivery SessionQueue::pop_front() {
    RUNNEL_CHECK(can_pop());
    Delivery delivery = front_.empty() ? pop(back_, back_bytes_) : pop(front_, front_bytes_);
    extra_.shrink_to(size(), bytes());
    return delivery;
}

uint64_t SessionQueue::first_number(uint64_t none) const {
    for (size_t i = 0; i < front_.size(); ++i)
        if (front_[i].number != 0) return front_[i].number;
    if (paged_) return paged_->first();
    for (size_t i = 0; i < back_.size(); ++i)
        if (back_[i].number != 0) return back_[i].number;
    return none;
}

void SessionQueue::move_to_front(size_t count) {
    for (; count > 0; --count) {
        front_.push_back(pop(back_, back_bytes_));
        front_bytes_ += front_.back().message->memory_size();
    }
}

// The segment of the oldest in back_, of which `count` are left.
void SessionQueue::page_first(uint64_t segment_first, uint32_t segment_count, size_t count) {
    std::vector<uint64_t> sizes(segment_count);
    for (; count > 0; --count) {
        const Delivery delivery = pop(back_, back_bytes_);
        sizes[delivery.number - segment_first] = delivery.message->memory_size();
    }
    if (!paged_) paged_ = std::make_unique<PagedDeliveries>();
    paged_->append(segment_first, sizes);
}

void SessionQueue::page_out(StoredQueue& stored, uint64_t stored_ticket, const Budget& budget) {
    while (!back_.empty()) {
        const StoredQueue::Segment* segment = stored.behind();
        if (segment == nullptr || segment->ticket > stored_ticket || back_.front().number == 0) return;
        const uint64_t end = segment->first + segment->count;
        size_t count = 0;
        // One that is not stored has no number: it stays, and what is behind it in memory too.
        while (count < back_.size() && back_[count].number != 0 && back_[count].number < end)
            ++count;
        // One that is in the window in part is in front of everything that is paged.
        const bool is_whole = count == segment->alive;
        const bool front_is_full = front_.size() >= budget.messages || front_bytes_ >= budget.bytes;
        if (is_whole && (paged_ || front_is_full)) {
            const StoredQueue::Segment paged = stored.pop_behind();
            page_first(paged.first, paged.count, count);
        } else if (!paged_) {
            move_to_front(count);
            stored.move_before();
        } else {
            return;
        }
    }
}

PagedDeliveries::Taken SessionQueue::pop_paged(StoredQueue& stored) {
    const PagedDeliveries::Taken taken = paged_->pop_front();
    if (taken.ended_segment) stored.paged_segment_ended(*taken.ended_segment);
    return taken;
}

void SessionQueue::end_paged_if_done(StoredQueue& stored) {
    if (!paged_ || paged_->count() != 0) return;
    while (!paged_->empty())
        pop_paged(stored);
    paged_.reset();
}

uint64_t SessionQueue::drop_paged(StoredQueue& stored) {
    uint64_t size = 0;
    while (size == 0)
        size = pop_paged(stored).size;
    end_paged_if_done(stored);
    extra_.shrink_to(this->size(), bytes());
    return size;
}

SessionQueue::PagedRange SessionQueue::ask(uint64_t generation) {
    asked_ = generation;
    return paged_range();
}

SessionQueue::Lost SessionQueue::lose_until(uint64_t number, StoredQueue& stored) {
    Lost lost;
    while (paged_ && !paged_->empty() && paged_->first() < number) {
        const uint64_t size = pop_paged(stored).size;
        lost.bytes += size;
        if (size != 0) ++lost.messages;
    }
    end_paged_if_done(stored);
    return lost;
}

SessionQueue::Lost SessionQueue::page_in(uint64_t segment_first, std::string_view record, WallClock clock,
                                         StoredQueue& stored) {
    Lost lost = lose_until(segment_first, stored);
    const auto segment = decode_segment(record);
    // It was dropped in the meantime, or is no segment: then it is lost when the next one is read.
    if (!paged_ || !segment || segment_first + segment->sizes.size() <= paged_->first()) return lost;
    RecordReader reader(segment->deliveries);
    uint32_t alive = 0;
    const auto count = static_cast<uint32_t>(segment->sizes.size());
    bool ended = false;
    for (uint64_t number = segment_first; number < segment_first + count && !ended; ++number) {
        auto delivery = decode_delivery(reader, clock);
        if (number < paged_->first()) continue;
        const PagedDeliveries::Taken taken = paged_->pop_front();
        ended = taken.ended_segment.has_value();
        if (taken.size == 0) continue;
        if (!delivery || delivery->message->memory_size() != taken.size) {
            ++lost.messages;
            lost.bytes += taken.size;
            continue;
        }
        delivery->number = number;
        front_bytes_ += taken.size;
        front_.push_back(std::move(*delivery));
        ++alive;
    }
    stored.read(segment_first, count, alive);
    end_paged_if_done(stored);
    return lost;
}

void SessionQueue::restore_paged(uint64_t segment_first, std::span<const uint64_t> sizes, StoredQueue& stored) {
    if (!paged_) {
        move_to_front(back_.size());
        while (stored.behind() != nullptr)
            stored.move_before();
        paged_ = std::make_unique<PagedDeliveries>();
    }
    paged_->append(segment_first, sizes);
    stored.restore_paged(paged_->end());
}

}  // namespace runnel::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/ring.h"
#include "broker/session/delivery.h"
#include "broker/session/extra_room.h"
#include "broker/session/paged_deliveries.h"

namespace runnel::session {

class StoredQueue;
struct WallClock;

// The QoS 1 and 2 deliveries of a Session that wait, in order: the oldest in memory (front), then those that are in the
// store only (paged), then the newest in memory (back). Only the queue of a stored Session that has grown long is
// paged. Who fills it keeps the limits, which count all three parts.
class SessionQueue {
public:
    // What one part may keep in memory of a queue that is paged.
    struct Budget {
        size_t messages = 64;
        uint64_t bytes = 256 * 1024;
    };

    bool empty() const { return size() == 0; }
    size_t size() const { return front_.size() + back_.size() + (paged_ ? paged_->count() : 0); }
    uint64_t bytes() const { return front_bytes_ + back_bytes_ + (paged_ ? paged_->bytes() : 0); }
    bool is_full(uint64_t more_bytes, uint32_t messages_max, uint64_t bytes_max) const {
        return (messages_max != 0 && size() >= messages_max + extra_.messages) ||
               (bytes_max != 0 && bytes() + more_bytes > bytes_max + extra_.bytes);
    }
    ExtraRoom& extra_room() { return extra_; }
    const ExtraRoom& extra_room() const { return extra_; }

    void push_back(Delivery delivery);
    // The oldest one is in memory.
    bool can_pop() const { return !front_.empty() || (!paged_ && !back_.empty()); }
    Delivery pop_front();
    // The i-th of those that can be popped now; null if there are not so many.
    const Delivery* look_at(size_t i) const {
        if (i < front_.size()) return &front_[i];
        i -= front_.size();
        return paged_ || i >= back_.size() ? nullptr : &back_[i];
    }
    // Instead, if the oldest ones are paged: lets go of one; returns its size.
    uint64_t drop_paged(StoredQueue& stored);
    // Those that go, of the ones behind the paged ones, or of all if none are; the others stay in their place.
    template <class Goes>
    std::vector<Delivery> take_behind_paged(Goes goes) {
        std::vector<Delivery> taken;
        if (!paged_) take(front_, front_bytes_, goes, taken);
        take(back_, back_bytes_, goes, taken);
        extra_.shrink_to(size(), bytes());
        return taken;
    }

    template <class Visit>
    void for_each_in_memory(Visit visit) {
        for (size_t i = 0; i < front_.size(); ++i)
            visit(front_[i]);
        for (size_t i = 0; i < back_.size(); ++i)
            visit(back_[i]);
    }
    // The oldest that has a number in the store; `none` if there is none.
    uint64_t first_number(uint64_t none) const;

    bool is_paged() const { return paged_ != nullptr; }
    // Of what is paged: the number that names its first segment, that of its oldest delivery, and the one behind all.
    struct PagedRange {
        uint64_t begin = 0;
        uint64_t first = 0;
        uint64_t end = 0;
    };
    PagedRange paged_range() const { return {paged_->segment_first(), paged_->first(), paged_->end()}; }
    bool is_over(const Budget& budget) const { return back_.size() > budget.messages || back_bytes_ > budget.bytes; }
    bool front_is_low(const Budget& budget) const {
        return front_.size() <= budget.messages * 4 && front_bytes_ * 2 <= budget.bytes;
    }
    // What is stored with a ticket up to this one leaves memory, but for the oldest.
    void page_out(StoredQueue& stored, uint64_t stored_ticket, const Budget& budget);

    // ---- Reading back what is paged. One question at a time.
    PagedRange ask(uint64_t generation);
    // 0: nothing was asked.
    uint64_t asked() const { return asked_; }
    void asking_ended() { asked_ = 0; }
    // Messages that were expected and are not there, or cannot be read.
    struct Lost {
        uint64_t messages = 0;
        uint64_t bytes = 0;
    };
    // One segment of the answer: what is needed of it comes into memory. What lies before it is lost.
    Lost page_in(uint64_t segment_first, std::string_view record, WallClock clock, StoredQueue& stored);
    // The store has nothing up to this number.
    Lost lose_until(uint64_t number, StoredQueue& stored);

    // ---- From the store, in the order of the numbers.
    // Whether the next segment may stay in the store.
    bool restores_paged(const Budget& budget) const {
        return paged_ ? back_.empty() : back_.size() >= budget.messages || back_bytes_ >= budget.bytes;
    }
    // A whole segment that stays there. Sizes as in PagedDeliveries.
    void restore_paged(uint64_t segment_first, std::span<const uint64_t> sizes, StoredQueue& stored);

private:
    Delivery pop(Ring<Delivery>& part, uint64_t& bytes) {
        Delivery delivery = part.pop_front();
        bytes -= delivery.message->memory_size();
        return delivery;
    }
    template <class Goes>
    void take(Ring<Delivery>& part, uint64_t& bytes, Goes& goes, std::vector<Delivery>& taken) {
        for (size_t left = part.size(); left > 0; --left) {
            Delivery delivery = part.pop_front();
            if (!goes(std::as_const(delivery))) {
                part.push_back(std::move(delivery));
                continue;
            }
            bytes -= delivery.message->memory_size();
            taken.push_back(std::move(delivery));
        }
    }
    void move_to_front(size_t count);
    void page_first(uint64_t segment_first, uint32_t segment_count, size_t count);
    PagedDeliveries::Taken pop_paged(StoredQueue& stored);
    void end_paged_if_done(StoredQueue& stored);

    Ring<Delivery> front_;
    Ring<Delivery> back_;
    uint64_t front_bytes_ = 0;
    uint64_t back_bytes_ = 0;
    uint64_t asked_ = 0;
    ExtraRoom extra_;
    std::unique_ptr<PagedDeliveries> paged_;  // Never one without deliveries.
};

}  // namespace runnel::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/timer_wheel.h"

#include <algorithm>

#include "broker/base/check.h"

namespace runnel::shard {

void TimerWheel::link_heads() {
    for (uint32_t head = 0; head < kHeads; ++head)
        nodes_[head].previous = nodes_[head].next = head;
}

void TimerWheel::link(uint32_t head, uint32_t node) {
    const uint32_t last = nodes_[head].previous;
    nodes_[node].previous = last;
    nodes_[node].next = head;
    nodes_[last].next = node;
    nodes_[head].previous = node;
}

void TimerWheel::unlink(uint32_t node) {
    nodes_[nodes_[node].previous].next = nodes_[node].next;
    nodes_[nodes_[node].next].previous = nodes_[node].previous;
}

// A timer belongs to the lowest level whose span reaches it; the last level takes what lies beyond.
void TimerWheel::place(uint32_t node) {
    const int64_t due_tick = (nodes_[node].due_ms + kTickMs - 1) / kTickMs;  // Rounded up: never early.
    if (due_tick <= tick_) return link(kDueHead, node);
    for (uint32_t level = 0; level < kLevels; ++level) {
        const int shift = static_cast<int>(level) * kSlotBits;
        const int64_t distance = (due_tick >> shift) - (tick_ >> shift);
        if (distance >= kSlots && level + 1 < kLevels) continue;
        const int64_t reachable = std::min<int64_t>(distance, kSlots - 1);
        const auto slot = static_cast<uint32_t>(((tick_ >> shift) + reachable) & (kSlots - 1));
        return link(head_of(level, slot), node);
    }
}

TimerWheel::TimerId TimerWheel::set(Time due, uint8_t kind, uint64_t subject) {
    uint32_t node;
    if (free_.empty()) {
        node = static_cast<uint32_t>(nodes_.size());
        nodes_.emplace_back();
    } else {
        node = free_.back();
        free_.pop_back();
    }
    nodes_[node].due_ms = std::min<int64_t>(due.ms, INT64_MAX - kTickMs);
    nodes_[node].kind = kind;
    nodes_[node].subject = subject;
    place(node);
    ++count_;
    return node;
}

void TimerWheel::cancel(TimerId& timer) {
    if (timer == kNone) return;
    RUNNEL_CHECK(timer >= kHeads && timer < nodes_.size());
    unlink(timer);
    free_.push_back(timer);
    --count_;
    timer = kNone;
}

// Every timer of the slot finds its place again: nearer now, or due.
void TimerWheel::move_slot(uint32_t level, uint32_t slot) {
    const uint32_t head = head_of(level, slot);
    uint32_t node = nodes_[head].next;
    nodes_[head].previous = nodes_[head].next = head;
    while (node != head) {
        const uint32_t next = nodes_[node].next;
        place(node);
        node = next;
    }
}

std::optional<TimerWheel::Fired> TimerWheel::take_due(Time now) {
    const int64_t now_tick = now.ms / kTickMs;
    if (count_ == 0) tick_ = std::max(tick_, now_tick);
    while (nodes_[kDueHead].next == kDueHead && tick_ < now_tick) {
        ++tick_;
        for (uint32_t level = kLevels - 1; level > 0; --level) {
            const int shift = static_cast<int>(level) * kSlotBits;
            if ((tick_ & ((int64_t{1} << shift) - 1)) == 0) move_slot(level, (tick_ >> shift) & (kSlots - 1));
        }
        move_slot(0, tick_ & (kSlots - 1));
    }
    const uint32_t node = nodes_[kDueHead].next;
    if (node == kDueHead || nodes_[node].due_ms > now.ms) return std::nullopt;
    Fired fired{node, nodes_[node].kind, nodes_[node].subject};
    TimerId timer = node;
    cancel(timer);
    return fired;
}

std::optional<Time> TimerWheel::next_deadline() const {
    if (count_ == 0) return std::nullopt;
    if (nodes_[kDueHead].next != kDueHead) return Time{tick_ * kTickMs};
    for (uint32_t step = 1; step < kSlots; ++step) {
        const int64_t tick = tick_ + step;
        // At a slot border of the next level, what lies there comes nearer: look again then.
        if ((tick & (kSlots - 1)) == 0 || !slot_empty(0, tick & (kSlots - 1))) return Time{tick * kTickMs};
    }
    return Time{(tick_ + kSlots) * kTickMs};
}

}  // namespace runnel::shard

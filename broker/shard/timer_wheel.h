// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "broker/base/time.h"

namespace runnel::shard {

// Many timers at the cost of a few list operations each (hierarchical timing wheel). A timer fires never early and at
// most one tick late. Setting, cancelling and firing take constant time; memory is one small node per timer.
class TimerWheel {
public:
    using TimerId = uint32_t;
    static constexpr TimerId kNone = 0;
    static constexpr int64_t kTickMs = 64;

    explicit TimerWheel(Time start) : tick_(start.ms / kTickMs) {
        nodes_.resize(kHeads);
        link_heads();
    }

    // What fires is told apart by `kind` and `subject`.
    TimerId set(Time due, uint8_t kind, uint64_t subject);
    // `timer` becomes kNone. Cancelling kNone does nothing.
    void cancel(TimerId& timer);
    size_t count() const { return count_; }

    struct Fired {
        TimerId timer;
        uint8_t kind;
        uint64_t subject;
    };
    // The next timer that is due, if any; it is gone from the wheel. Call until there is none.
    std::optional<Fired> take_due(Time now);

    // When the next look is worthwhile: not later than the first timer's due time, rounded up to its tick.
    std::optional<Time> next_deadline() const;

private:
    static constexpr int kSlotBits = 6;
    static constexpr uint32_t kSlots = 1u << kSlotBits;
    static constexpr uint32_t kLevels = 5;  // 64 ms ticks: over two years before a timer goes round again.
    static constexpr uint32_t kHeads = kLevels * kSlots + 2;
    static constexpr uint32_t kDueHead = kLevels * kSlots + 1;  // Timers whose tick has come. Head 0 is no node.

    struct Node {
        int64_t due_ms = 0;
        uint64_t subject = 0;
        uint32_t previous = 0;
        uint32_t next = 0;
        uint8_t kind = 0;
    };

    void link_heads();
    void link(uint32_t head, uint32_t node);
    void unlink(uint32_t node);
    void place(uint32_t node);
    void move_slot(uint32_t level, uint32_t slot);
    static uint32_t head_of(uint32_t level, uint32_t slot) { return 1 + level * kSlots + slot; }
    bool slot_empty(uint32_t level, uint32_t slot) const {
        return nodes_[head_of(level, slot)].next == head_of(level, slot);
    }

    std::vector<Node> nodes_;
    std::vector<uint32_t> free_;
    int64_t tick_;  // The last tick that was looked at.
    size_t count_ = 0;
};

}  // namespace runnel::shard

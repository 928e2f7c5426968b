// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace runnel::routing {

// A hash table of hashes and small values: open addressing, load between 0.25 and 0.8, no pointer per element.
// The slots are kept sorted by hash (the home of a hash grows with it), which bounds a failed search like a successful
// one, and lets the table grow by one pass over memory without asking for a key again. A hash may be there more than
// once: the caller tells the values apart. Hashes must be seeded, so that no peer can aim at one place.
template <class Hash, class Value, Value kEmpty>
class SlotTable {
public:
    // The first value under `hash` for which `is_it(value)` holds; kEmpty if there is none.
    template <class IsIt>
    Value find(Hash hash, IsIt is_it) const {
        if (count_ == 0) return kEmpty;
        for (size_t at = first_not_below(hash); holds(at, hash); ++at) {
            if (is_it(slots_[at].value)) return slots_[at].value;
        }
        return kEmpty;
    }

    // The value under a hash that is there at most once, to be changed in place (never to kEmpty: see erase).
    Value* find_only(Hash hash) {
        if (count_ == 0) return nullptr;
        const size_t at = first_not_below(hash);
        return holds(at, hash) ? &slots_[at].value : nullptr;
    }
    Value value_of(Hash hash) const {
        return find(hash, [](Value) { return true; });
    }

    void insert(Hash hash, Value value) {
        if ((count_ + 1) * 5 > capacity_ * 4) resize(std::max<size_t>(8, capacity_ + capacity_ / 2));
        const size_t at = first_not_below(hash);
        size_t free = at;
        while (slots_[free].value != kEmpty)
            ++free;
        if (free + 1 == slots_.size()) lengthen();
        std::move_backward(slots_.begin() + at, slots_.begin() + free, slots_.begin() + free + 1);
        slots_[at] = {hash, value};
        ++count_;
    }

    // Whether there was such a pair.
    bool erase(Hash hash, Value value) {
        if (count_ == 0) return false;
        size_t at = first_not_below(hash);
        while (holds(at, hash) && slots_[at].value != value)
            ++at;
        if (!holds(at, hash)) return false;
        for (; slots_[at + 1].value != kEmpty && home_of(slots_[at + 1].hash) <= at; ++at)
            slots_[at] = slots_[at + 1];
        slots_[at] = Slot{};
        --count_;
        if (capacity_ > 16 && count_ * 4 < capacity_) resize(count_ * 2);
        return true;
    }

    // Starts to fetch the place of `hash` from memory, for a find that follows soon.
    void prefetch(Hash hash) const {
        if (count_ != 0) __builtin_prefetch(&slots_[home_of(hash)]);
    }

    size_t count() const { return count_; }
    size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

private:
    // An empty slot ends every search, because its hash is not below any other.
    struct Slot {
        Hash hash = std::numeric_limits<Hash>::max();
        Value value = kEmpty;
    };
    static constexpr size_t kTail = 16;  // Slots behind the last home, for what is pushed off the end.

    size_t home_of(Hash hash) const {
        return static_cast<size_t>((static_cast<unsigned __int128>(hash) * capacity_) >>
                                   std::numeric_limits<Hash>::digits);
    }
    bool holds(size_t at, Hash hash) const { return slots_[at].hash == hash && slots_[at].value != kEmpty; }

    size_t first_not_below(Hash hash) const {
        size_t at = home_of(hash);
        while (slots_[at].hash < hash)
            ++at;
        return at;
    }

    // The last slot stays empty: searches need no check for the end.
    void lengthen() {
        slots_.reserve(slots_.size() + kTail);
        slots_.resize(slots_.size() + kTail);
    }

    void resize(size_t capacity) {
        std::vector<Slot> old(capacity + kTail);
        old.swap(slots_);
        capacity_ = capacity;
        size_t at = 0;
        for (const Slot& slot : old) {
            if (slot.value == kEmpty) continue;
            at = std::max(at, home_of(slot.hash));
            if (at + 1 == slots_.size()) lengthen();
            slots_[at++] = slot;
        }
    }

    std::vector<Slot> slots_;
    size_t capacity_ = 0;  // Number of homes.
    size_t count_ = 0;
};

constexpr uint32_t kNone = 0xFFFFFFFF;  // No element of a Pool.

// Finds elements of a Pool by the upper half of a 64-bit hash.
using IndexTable = SlotTable<uint32_t, uint32_t, kNone>;
constexpr uint32_t index_hash(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 32);
}

}  // namespace runnel::routing

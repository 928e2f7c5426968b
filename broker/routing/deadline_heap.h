// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace runnel::routing {

// Elements, named by small numbers, by deadline. Each is in the heap at most once and can be taken out at any time.
class DeadlineHeap {
public:
    void add(uint32_t element, int64_t deadline);
    void remove(uint32_t element);

    bool empty() const { return slots_.empty(); }
    size_t count() const { return slots_.size(); }
    // The element with the earliest deadline, if there is one.
    uint32_t first() const { return slots_.front().element; }
    int64_t first_deadline() const { return slots_.front().deadline; }
    size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot) + positions_.capacity() * sizeof(uint32_t); }

private:
    struct Slot {
        int64_t deadline = 0;
        uint32_t element = 0;
    };

    void put(size_t at, Slot slot);
    void rise(size_t at, Slot slot);
    void sink(size_t at, Slot slot);

    std::vector<Slot> slots_;
    std::vector<uint32_t> positions_;  // Where an element stands in slots_.
};

}  // namespace runnel::routing

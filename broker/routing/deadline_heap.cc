// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/deadline_heap.h"

#include "broker/base/check.h"

namespace runnel::routing {

void DeadlineHeap::add(uint32_t element, int64_t deadline) {
    if (element >= positions_.size()) positions_.resize(size_t{element} + 1);
    slots_.push_back({});
    rise(slots_.size() - 1, {deadline, element});
}

void DeadlineHeap::remove(uint32_t element) {
    const size_t at = positions_[element];
    RUNNEL_CHECK(at < slots_.size() && slots_[at].element == element);
    const Slot last = slots_.back();
    slots_.pop_back();
    if (at == slots_.size()) return;
    rise(at, last);
    sink(positions_[last.element], last);
}

void DeadlineHeap::put(size_t at, Slot slot) {
    slots_[at] = slot;
    positions_[slot.element] = static_cast<uint32_t>(at);
}

void DeadlineHeap::rise(size_t at, Slot slot) {
    while (at != 0) {
        const size_t parent = (at - 1) / 2;
        if (slots_[parent].deadline <= slot.deadline) break;
        put(at, slots_[parent]);
        at = parent;
    }
    put(at, slot);
}

void DeadlineHeap::sink(size_t at, Slot slot) {
    for (size_t child = 2 * at + 1; child < slots_.size(); child = 2 * at + 1) {
        if (child + 1 < slots_.size() && slots_[child + 1].deadline < slots_[child].deadline) ++child;
        if (slot.deadline <= slots_[child].deadline) break;
        put(at, slots_[child]);
        at = child;
    }
    put(at, slot);
}

}  // namespace runnel::routing

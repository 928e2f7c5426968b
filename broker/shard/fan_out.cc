// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/fan_out.h"

namespace runnel::shard {

void FanOutCache::filled(FanOut& entry, size_t targets_before) {
    targets_ += entry.targets.capacity() - targets_before;
    if (targets_ <= kTargetsMax) return;
    for (FanOut& other : entries_) {
        if (&other == &entry) continue;
        other = FanOut{};
    }
    targets_ = entry.targets.capacity();
}

}  // namespace runnel::shard

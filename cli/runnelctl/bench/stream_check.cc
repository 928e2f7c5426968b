// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/stream_check.h"

namespace runnel::ctl {

bool StreamCheck::received_out_of_order(uint64_t sequence, StreamFaults& faults) {
    if (!gaps_) gaps_ = std::make_unique<Gaps>();
    if (sequence > next_) {
        gaps_->emplace(next_, sequence);
        faults.missing += sequence - next_;
        next_ = sequence + 1;
        return true;
    }
    auto gap = gaps_->upper_bound(sequence);
    if (gap == gaps_->begin() || (--gap)->second <= sequence) {
        ++faults.duplicates;
        return false;
    }
    const auto [first, end] = *gap;
    gaps_->erase(gap);
    if (first < sequence) gaps_->emplace(first, sequence);
    if (sequence + 1 < end) gaps_->emplace(sequence + 1, end);
    --faults.missing;
    ++faults.reordered;
    return true;
}

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace runnel::ctl {

uint64_t LatencyHistogram::value_of(size_t index) {
    if (index < (size_t{2} << kStepBits)) return index;
    const size_t shift = (index >> kStepBits) - 1;
    const uint64_t low = (index - (shift << kStepBits)) << shift;
    return low + (uint64_t{1} << shift) / 2;
}

uint64_t LatencyHistogram::percentile(double share) const {
    if (count_ == 0) return 0;
    const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
    uint64_t seen = 0;
    for (size_t index = 0; index < counts_.size(); ++index) {
        seen += counts_[index];
        if (seen >= rank) return std::min(value_of(index), max_);
    }
    return max_;
}

}  // namespace runnel::ctl

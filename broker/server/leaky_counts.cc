// SPDX-License-Identifier: Apache-2.0
#include "broker/server/leaky_counts.h"

#include <algorithm>

namespace runnel::server {

double LeakyCounts::left_of(const Count& count, Clock::time_point now) const {
    const std::chrono::duration<double> passed = now - count.at;
    return std::max(0.0, count.count - per_second_ * passed.count());
}

std::chrono::microseconds LeakyCounts::wait_of(const std::string& key, Clock::time_point now) const {
    const auto at = by_key_.find(key);
    const double above = at == by_key_.end() ? 0 : left_of(*at->second, now) - (max_ - 1);
    return std::chrono::round<std::chrono::microseconds>(
        std::chrono::duration<double>(std::max(0.0, above / per_second_)));
}

void LeakyCounts::count(const std::string& key, Clock::time_point now) {
    const auto at = by_key_.find(key);
    if (at != by_key_.end()) {
        Count& count = *at->second;
        count.count = std::min(max_, left_of(count, now) + 1);
        count.at = now;
        counts_.splice(counts_.end(), counts_, at->second);
        return;
    }
    if (counts_.size() == kKeysMax) {
        by_key_.erase(counts_.front().key);
        counts_.pop_front();
    }
    counts_.push_back({key, 1, now});
    by_key_.emplace(counts_.back().key, std::prev(counts_.end()));
}

}  // namespace runnel::server

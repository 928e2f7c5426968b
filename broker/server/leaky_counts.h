// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace runnel::server {

// How often something has happened lately, by key: so many times at once, and then once from time to time. What is
// remembered is bounded; the oldest gives way. Not for several threads.
class LeakyCounts {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr size_t kKeysMax = 10'000;

    // `max` times at once; all of them are forgotten after `forgotten_after`.
    LeakyCounts(double max, std::chrono::duration<double> forgotten_after)
        : max_(max), per_second_(max / forgotten_after.count()) {}

    // After how long it may happen once more; 0: now.
    std::chrono::microseconds wait_of(const std::string& key, Clock::time_point now) const;
    void count(const std::string& key, Clock::time_point now);
    size_t size() const { return counts_.size(); }

private:
    struct Count {
        std::string key;
        double count = 0;  // At that time; it sinks.
        Clock::time_point at;
    };
    double left_of(const Count& count, Clock::time_point now) const;

    double max_;
    double per_second_;
    std::list<Count> counts_;  // The oldest first.
    std::unordered_map<std::string_view, std::list<Count>::iterator> by_key_;
};

}  // namespace runnel::server

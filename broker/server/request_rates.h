// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "broker/base/time.h"
#include "broker/server/leaky_counts.h"

namespace runnel::server {

// Bounds the requests of each host, on all event loops together. Any thread.
class RequestRates {
public:
    using Clock = LeakyCounts::Clock;

    // For tests: the clock.
    explicit RequestRates(uint32_t max_per_second, Clock::time_point (*now)() = &Clock::now)
        : now_(now), requests_(max_per_second, std::chrono::seconds(1)) {}

    // 0 if one more request from there ("192.0.2.7:51234") may be answered, which is counted; else after how long.
    Duration admit(std::string_view address);

private:
    Clock::time_point (*now_)();
    std::mutex mutex_;
    LeakyCounts requests_;
};

}  // namespace runnel::server

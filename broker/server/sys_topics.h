// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/local_client.h"
#include "broker/base/counters.h"

namespace runnel::server {

// The $SYS tree: what the broker says about itself, as Retained Messages below $SYS/broker/. Names are those that
// mosquitto made known, where it has one. Used by one thread.
class SysTopics {
public:
    using Clock = std::chrono::steady_clock;

    // `counters` are those of all shards and outlive this.
    SysTopics(std::vector<const Counters*> counters, std::string version, Clock::time_point start);

    // Everything to publish now.
    std::vector<api::LocalPublish> publishes(Clock::time_point now);

private:
    struct Rate {
        std::string_view name;
        Counter Counters::*counter;
    };
    static const std::array<Rate, 8> kRates;

    uint64_t sum(Counter Counters::*counter) const;
    void add(std::vector<api::LocalPublish>& publishes, std::string_view name, std::string value) const;
    void add_totals(std::vector<api::LocalPublish>& publishes) const;
    void add_rates(std::vector<api::LocalPublish>& publishes, double seconds);

    std::vector<const Counters*> counters_;
    std::string version_;
    Clock::time_point start_;
    Clock::time_point last_;
    std::array<uint64_t, 8> last_values_{};
    std::array<std::array<double, 3>, 8> loads_{};  // Per minute, averaged over 1, 5 and 15 minutes.
    bool first_ = true;
};

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "broker/server/leaky_counts.h"

namespace runnel::server {

// Logins that have failed lately, so that nobody can try passwords for long. Counted by host and user, so that who
// guesses keeps others out as little as possible, and by host, for whoever guesses users. Not for several threads.
class LoginAttempts {
public:
    using Clock = LeakyCounts::Clock;
    static constexpr double kOfUserMax = 10;
    static constexpr double kOfHostMax = 100;
    static constexpr std::chrono::seconds kForgottenAfter{60};  // All of them.

    // After how long another attempt may be made; 0: now. `address`: "192.0.2.7:51234".
    std::chrono::seconds wait_of(std::string_view address, std::string_view user, Clock::time_point now) const;
    void has_failed(std::string_view address, std::string_view user, Clock::time_point now);
    size_t size() const { return of_users_.size() + of_hosts_.size(); }

private:
    LeakyCounts of_users_{kOfUserMax, kForgottenAfter};
    LeakyCounts of_hosts_{kOfHostMax, kForgottenAfter};
};

}  // namespace runnel::server

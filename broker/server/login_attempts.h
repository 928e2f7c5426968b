// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace runnel::server {

// Logins that have failed lately, so that nobody can try passwords for long: so many at once, and then one from time to
// time. Counted by host and user, so that who guesses keeps others out as little as possible, and by host, for whoever
// guesses users. Not for several threads.
class LoginAttempts {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr double kOfUserMax = 10;
    static constexpr double kOfHostMax = 100;
    static constexpr std::chrono::seconds kForgottenAfter{60};  // All of them.
    static constexpr size_t kEntriesMax = 10'000;

    // After how long another attempt may be made; 0: now. `address`: "192.0.2.7:51234".
    std::chrono::seconds wait_of(std::string_view address, std::string_view user, Clock::time_point now) const;
    void has_failed(std::string_view address, std::string_view user, Clock::time_point now);
    size_t size() const { return failures_.size(); }

private:
    struct Failures {
        double count = 0;  // Sinks with time.
        Clock::time_point at;
    };
    double left_of(const Failures& failures, double max, Clock::time_point now) const;
    std::chrono::seconds wait_of(const std::string& key, double max, Clock::time_point now) const;
    void count(const std::string& key, double max, Clock::time_point now);
    void make_room(Clock::time_point now);

    std::map<std::string, Failures> failures_;  // By host, or by host and user.
};

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#include "broker/server/login_attempts.h"

#include <algorithm>
#include <cmath>

#include "broker/auth/digest.h"

namespace runnel::server {
namespace {

std::string host_of(std::string_view address) {
    return std::string(address.substr(0, address.rfind(':')));
}

// However long the user name is.
std::string key_of(std::string_view address, std::string_view user) {
    return host_of(address).append(1, '\0').append(auth::sha256(user));
}

}  // namespace

double LoginAttempts::left_of(const Failures& failures, double max, Clock::time_point now) const {
    const std::chrono::duration<double> passed = now - failures.at;
    return std::max(0.0,
                    failures.count - max * passed.count() / std::chrono::duration<double>(kForgottenAfter).count());
}

std::chrono::seconds LoginAttempts::wait_of(const std::string& key, double max, Clock::time_point now) const {
    const auto at = failures_.find(key);
    const double above = at == failures_.end() ? 0 : left_of(at->second, max, now) - (max - 1);
    if (above <= 0) return {};
    const double seconds = above / max * std::chrono::duration<double>(kForgottenAfter).count();
    return std::chrono::seconds(static_cast<int64_t>(std::ceil(seconds)));
}

std::chrono::seconds LoginAttempts::wait_of(std::string_view address, std::string_view user,
                                            Clock::time_point now) const {
    return std::max(wait_of(key_of(address, user), kOfUserMax, now), wait_of(host_of(address), kOfHostMax, now));
}

void LoginAttempts::has_failed(std::string_view address, std::string_view user, Clock::time_point now) {
    make_room(now);
    count(key_of(address, user), kOfUserMax, now);
    count(host_of(address), kOfHostMax, now);
}

// For two more. The oldest give way.
void LoginAttempts::make_room(Clock::time_point now) {
    if (failures_.size() + 2 <= kEntriesMax) return;
    std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.at > kForgottenAfter; });
    while (failures_.size() + 2 > kEntriesMax)
        failures_.erase(std::ranges::min_element(failures_, {}, [](const auto& entry) { return entry.second.at; }));
}

void LoginAttempts::count(const std::string& key, double max, Clock::time_point now) {
    Failures& failures = failures_[key];
    failures = {std::min(max, left_of(failures, max, now) + 1), now};
}

}  // namespace runnel::server

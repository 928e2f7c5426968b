// SPDX-License-Identifier: Apache-2.0
#include "broker/server/login_table.h"

#include <algorithm>

#include "broker/auth/digest.h"

namespace runnel::server {

std::string LoginTable::begin(const api::Identity& identity) {
    static constexpr char kDigits[] = "0123456789abcdef";
    const std::lock_guard lock(mutex_);
    std::string token;
    for (int part = 0; part < 4; ++part) {
        uint64_t number = random_.next();
        for (int digit = 0; digit < 16; ++digit, number >>= 4)
            token += kDigits[number & 15];
    }
    const Clock::time_point now = now_();
    if (logins_.size() >= kLoginsMax) make_room(now);
    logins_[auth::sha256(token)] = {identity, now, now};
    return token;
}

void LoginTable::make_room(Clock::time_point now) {
    std::erase_if(logins_, [&](const auto& login) { return is_over(login.second, now); });
    if (logins_.size() < kLoginsMax) return;
    logins_.erase(std::ranges::min_element(logins_, {}, [](const auto& login) { return login.second.used; }));
}

std::optional<api::Identity> LoginTable::find(std::string_view token) {
    const std::lock_guard lock(mutex_);
    const auto at = logins_.find(auth::sha256(token));
    if (at == logins_.end()) return std::nullopt;
    const Clock::time_point now = now_();
    if (is_over(at->second, now)) {
        logins_.erase(at);
        return std::nullopt;
    }
    at->second.used = now;
    return at->second.identity;
}

void LoginTable::end(std::string_view token) {
    const std::lock_guard lock(mutex_);
    logins_.erase(auth::sha256(token));
}

Duration LoginTable::wait_of(std::string_view address, std::string_view user) {
    const std::lock_guard lock(mutex_);
    return Duration::seconds(attempts_.wait_of(address, user, now_()).count());
}

void LoginTable::has_failed(std::string_view address, std::string_view user) {
    const std::lock_guard lock(mutex_);
    attempts_.has_failed(address, user, now_());
}

void LoginTable::end_all() {
    const std::lock_guard lock(mutex_);
    logins_.clear();
}

}  // namespace runnel::server

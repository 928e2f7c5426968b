// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "broker/api/login_sessions.h"
#include "broker/net/system_random.h"
#include "broker/server/login_attempts.h"

namespace runnel::server {

// Logins of all event loops. In memory: a restart ends them. Tokens are kept as hashes, so that what is in memory lets
// nobody in, and a comparison that takes longer for a better guess tells nothing.
class LoginTable final : public api::LoginSessions {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr size_t kLoginsMax = 10'000;
    static constexpr std::chrono::hours kIdleMax{12};
    static constexpr std::chrono::hours kLifeMax{24 * 7};

    // For tests: the clock.
    explicit LoginTable(Clock::time_point (*now)() = &Clock::now) : now_(now) {}

    std::string begin(const api::Identity& identity) override;
    std::optional<api::Identity> find(std::string_view token) override;
    void end(std::string_view token) override;
    Duration wait_of(std::string_view address, std::string_view user) override;
    void has_failed(std::string_view address, std::string_view user) override;
    // Users have changed: everybody has to log in anew.
    void end_all();

private:
    struct Login {
        api::Identity identity;
        Clock::time_point begun;
        Clock::time_point used;
    };
    bool is_over(const Login& login, Clock::time_point now) const {
        return now - login.used > kIdleMax || now - login.begun > kLifeMax;
    }
    void make_room(Clock::time_point now);

    Clock::time_point (*now_)();
    std::mutex mutex_;
    net::SystemRandom random_;
    std::map<std::string, Login, std::less<>> logins_;  // By the hash of the token.
    LoginAttempts attempts_;
};

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/api/identity.h"
#include "broker/base/time.h"

namespace runnel::api {

// Users who have logged in by a bridge, and the tokens by which they are known from then on. Any thread.
class LoginSessions {
public:
    virtual ~LoginSessions() = default;
    // The token, which nobody can guess. The oldest login gives way when there are too many.
    virtual std::string begin(const Identity& identity) = 0;
    // Nothing if it is unknown, ended, or has not been used for long.
    virtual std::optional<Identity> find(std::string_view token) = 0;
    virtual void end(std::string_view token) = 0;

    // After how long somebody from this address ("192.0.2.7:51234") may try to log in as this user; 0: now.
    virtual Duration wait_of(std::string_view address, std::string_view user) = 0;
    virtual void has_failed(std::string_view address, std::string_view user) = 0;
};

}  // namespace runnel::api

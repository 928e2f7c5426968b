// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/api/identity.h"

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
};

}  // namespace runnel::api

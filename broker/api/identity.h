// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace runnel::api {

// Who a client turned out to be. An anonymous client has no user name.
struct Identity {
    std::string user_name;
    bool anonymous = true;
    friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace runnel::api

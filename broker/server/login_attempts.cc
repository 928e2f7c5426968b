// SPDX-License-Identifier: Apache-2.0
#include "broker/server/login_attempts.h"

#include <algorithm>
#include <string>

#include "broker/auth/digest.h"
#include "broker/server/address.h"

namespace runnel::server {
namespace {

// However long the user name is.
std::string key_of(std::string_view address, std::string_view user) {
    return network_of(address).append(1, '\0').append(auth::sha256(user));
}

}  // namespace

std::chrono::seconds LoginAttempts::wait_of(std::string_view address, std::string_view user,
                                            Clock::time_point now) const {
    return std::chrono::ceil<std::chrono::seconds>(
        std::max(of_users_.wait_of(key_of(address, user), now), of_hosts_.wait_of(network_of(address), now)));
}

void LoginAttempts::has_failed(std::string_view address, std::string_view user, Clock::time_point now) {
    of_users_.count(key_of(address, user), now);
    of_hosts_.count(network_of(address), now);
}

}  // namespace runnel::server

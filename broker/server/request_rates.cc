// SPDX-License-Identifier: Apache-2.0
#include "broker/server/request_rates.h"

#include <chrono>
#include <string>

#include "broker/server/address.h"

namespace runnel::server {

Duration RequestRates::admit(std::string_view address) {
    const std::string network = network_of(address);
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = now_();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(requests_.wait_of(network, now));
    if (wait.count() == 0) requests_.count(network, now);
    return Duration(wait.count());
}

}  // namespace runnel::server

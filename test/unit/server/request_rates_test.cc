// SPDX-License-Identifier: Apache-2.0
#include "broker/server/request_rates.h"

#include <string>

#include <doctest/doctest.h>

namespace runnel::server {
namespace {

RequestRates::Clock::time_point now_of_test{std::chrono::hours(1)};

RequestRates::Clock::time_point test_clock() {
    return now_of_test;
}

size_t admitted(RequestRates& rates, const std::string& address, int requests) {
    size_t count = 0;
    for (; requests > 0; --requests)
        count += rates.admit(address) == Duration{} ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("a host may make so many requests at once, and so many in every second") {
    RequestRates rates(10, test_clock);
    CHECK(admitted(rates, "192.0.2.7:1", 30) == 10);
    CHECK(rates.admit("192.0.2.7:2") == Duration(100));
    CHECK(admitted(rates, "192.0.2.8:1", 30) == 10);
    size_t in_three_seconds = 0;
    for (int step = 0; step < 300; ++step) {
        now_of_test += std::chrono::milliseconds(10);
        in_three_seconds += admitted(rates, "192.0.2.7:1", 5);
    }
    CHECK(in_three_seconds == 30);
    now_of_test += std::chrono::hours(1);
    CHECK(admitted(rates, "192.0.2.7:1", 30) == 10);
}

TEST_CASE("one request in a second") {
    RequestRates rates(1, test_clock);
    CHECK(admitted(rates, "192.0.2.7:1", 3) == 1);
    now_of_test += std::chrono::milliseconds(999);
    CHECK(rates.admit("192.0.2.7:1") == Duration(1));
    now_of_test += std::chrono::milliseconds(1);
    CHECK(admitted(rates, "192.0.2.7:1", 3) == 1);
}

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#include "broker/server/login_table.h"

#include <doctest/doctest.h>

namespace runnel::server {
namespace {

LoginTable::Clock::time_point now_of_test{};

LoginTable::Clock::time_point test_clock() {
    return now_of_test;
}

const api::Identity kAlice{"alice", false};

}  // namespace

TEST_CASE("a login is known by its token until it ends") {
    LoginTable logins(test_clock);
    const std::string first = logins.begin(kAlice);
    const std::string second = logins.begin({"bob", false});
    CHECK(first.size() == 64);
    CHECK(first != second);
    CHECK(logins.find(first) == kAlice);
    CHECK(logins.find(second)->user_name == "bob");
    CHECK_FALSE(logins.find("").has_value());
    CHECK_FALSE(logins.find(first.substr(1)).has_value());
    logins.end(first);
    CHECK_FALSE(logins.find(first).has_value());
    logins.end_all();
    CHECK_FALSE(logins.find(second).has_value());
}

TEST_CASE("a login ends when it is not used, and at last in any case") {
    LoginTable logins(test_clock);
    const std::string idle = logins.begin(kAlice);
    const std::string used = logins.begin(kAlice);
    const auto start = now_of_test;
    for (; now_of_test <= start + LoginTable::kLifeMax; now_of_test += std::chrono::hours(1))
        REQUIRE(logins.find(used) == kAlice);
    CHECK_FALSE(logins.find(idle).has_value());
    CHECK_FALSE(logins.find(used).has_value());
}

TEST_CASE("the login that was used longest ago gives way when there are too many") {
    LoginTable logins(test_clock);
    const std::string first = logins.begin(kAlice);
    now_of_test += std::chrono::seconds(1);
    const std::string second = logins.begin(kAlice);
    now_of_test += std::chrono::seconds(1);
    CHECK(logins.find(first));
    for (size_t i = 0; i < LoginTable::kLoginsMax - 1; ++i)
        logins.begin(kAlice);
    CHECK(logins.find(first));
    CHECK_FALSE(logins.find(second).has_value());
}

}  // namespace runnel::server

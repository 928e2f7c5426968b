// SPDX-License-Identifier: Apache-2.0
#include "broker/server/login_attempts.h"

#include <doctest/doctest.h>

namespace runnel::server {
namespace {

using std::chrono::seconds;

constexpr auto kAddress = "192.0.2.7:1000";

struct Stage {
    LoginAttempts attempts;
    LoginAttempts::Clock::time_point now{std::chrono::hours(1)};
    void fail(int times, std::string_view address = kAddress, std::string_view user = "alice") {
        for (; times > 0; --times)
            attempts.has_failed(address, user, now);
    }
    seconds wait(std::string_view address = kAddress, std::string_view user = "alice") const {
        return attempts.wait_of(address, user, now);
    }
};

}  // namespace

TEST_CASE("so many failed logins may be made at once, and then one from time to time") {
    Stage stage;
    stage.fail(9);
    CHECK(stage.wait() == seconds(0));
    stage.fail(1);
    CHECK(stage.wait() == seconds(6));
    stage.now += seconds(5);
    CHECK(stage.wait() == seconds(1));
    stage.now += seconds(1);
    CHECK(stage.wait() == seconds(0));
    stage.fail(5);
    CHECK(stage.wait() == seconds(6));
    stage.now += seconds(60);
    stage.fail(9);
    CHECK(stage.wait() == seconds(0));
}

TEST_CASE("others are not kept out: another user, or the same one from elsewhere; another port is no other host") {
    Stage stage;
    stage.fail(10);
    CHECK(stage.wait(kAddress, "bob") == seconds(0));
    CHECK(stage.wait("192.0.2.8:1000") == seconds(0));
    CHECK(stage.wait("192.0.2.7:2000") == seconds(6));
    CHECK(stage.wait("unix") == seconds(0));
    stage.fail(10, "[2001:db8::1]:1000");
    CHECK(stage.wait("[2001:db8::ffff:2]:1000") == seconds(6));  // Whoever has one address has them all.
    CHECK(stage.wait("[2001:db8:0:1::1]:1000") == seconds(0));
}

TEST_CASE("a host may not guess users either") {
    Stage stage;
    for (int user = 0; user < 100; ++user)
        stage.fail(1, kAddress, std::to_string(user));
    CHECK(stage.wait(kAddress, "bob") == seconds(1));
    CHECK(stage.wait("[2001:db8::1]:1000", "bob") == seconds(0));
}

TEST_CASE("what is remembered has a limit") {
    Stage stage;
    for (int host = 0; host < 30'000; ++host)
        stage.fail(1, std::to_string(host) + ":1");
    CHECK(stage.attempts.size() <= 2 * LeakyCounts::kKeysMax);
    stage.now += seconds(1);
    stage.fail(20);
    for (int host = 0; host < 4'000; ++host)
        stage.fail(1, std::to_string(host) + ":2", std::string(100'000, 'x'));
    CHECK(stage.wait() > seconds(0));
}

}  // namespace runnel::server

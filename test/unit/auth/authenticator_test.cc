// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/authenticator.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/auth/password_hash.h"

namespace runnel::auth {
namespace {

using mqtt::ReasonCode;
using Text = std::optional<std::string>;

PasswordSetRef make_users() {
    static const PasswordSetRef users = [] {
        auto parsed = parse_password_file("users", "alice:" + hash_password("secret") + "\n");
        RUNNEL_CHECK(parsed);
        return std::make_shared<const PasswordSet>(*std::move(parsed));
    }();
    return users;
}

api::Credentials show(Text user_name, Text password, bool loopback = false) {
    return {.client_identifier = "c",
            .user_name = std::move(user_name),
            .password = std::move(password),
            .address = "192.0.2.1:5",
            .loopback = loopback};
}

}  // namespace

TEST_CASE("authenticator: anonymous clients") {
    struct Row {
        AnonymousPolicy policy;
        bool loopback;
        bool accepted;
    };
    for (const PasswordSetRef& users : {PasswordSetRef(), make_users()})
        for (const Row& row : {Row{AnonymousPolicy::Never, true, false}, Row{AnonymousPolicy::Never, false, false},
                               Row{AnonymousPolicy::Loopback, true, true}, Row{AnonymousPolicy::Loopback, false, false},
                               Row{AnonymousPolicy::Always, true, true}, Row{AnonymousPolicy::Always, false, true}}) {
            const PasswordAuthenticator authenticator(row.policy, users);
            const auto outcome = authenticator.quick_check(show({}, {}, row.loopback));
            REQUIRE(outcome);
            CHECK(outcome->reason == (row.accepted ? ReasonCode::Success : ReasonCode::NotAuthorized));
            CHECK(outcome->identity == api::Identity{});
        }
}

TEST_CASE("authenticator: without a password file a name means nothing") {
    const PasswordAuthenticator open(AnonymousPolicy::Loopback, nullptr);
    const auto accepted = open.check(show("alice", "secret", true));
    CHECK(accepted.accepted());
    CHECK(accepted.identity == api::Identity{});
    CHECK(open.check(show("alice", "secret", false)).reason == ReasonCode::BadUserNameOrPassword);
    CHECK(open.begin("SCRAM-SHA-256", show({}, {}), std::string(32, 'x')) == nullptr);
}

// F-01, F-05, A-22. The policy is "always": who shows something must be right all the same.
TEST_CASE("authenticator: users") {
    const PasswordAuthenticator authenticator(AnonymousPolicy::Always, make_users());
    struct Row {
        Text user_name;
        Text password;
        bool accepted;
        bool quick;
    };
    const std::string zero("secret\0", 7);
    const Row rows[] = {
        {"alice", "secret", true, false},
        {"alice", "Secret", false, false},
        {"alice", "secret ", false, false},
        {"Alice", "secret", false, false},
        {"bob", "secret", false, false},
        {"alice ", "secret", false, false},
        {"alice", {}, false, true},
        {"alice", "", false, true},
        {"bob", {}, false, true},
        {"bob", "", false, true},
        {"", "secret", false, true},
        {"", "", false, true},
        {"", {}, false, true},
        {{}, "secret", false, true},
        {{}, "", false, true},
        {"alice", zero, false, true},
        {"bob", zero, false, true},
        {"alice", std::string(600, 'a'), false, true},
        {"bob", std::string(600, 'a'), false, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.user_name.value_or("(none)"));
        CAPTURE(row.password.value_or("(none)"));
        const auto outcome = authenticator.check(show(row.user_name, row.password, true));
        CHECK(authenticator.quick_check(show(row.user_name, row.password, true)).has_value() == row.quick);
        CHECK(outcome.reason == (row.accepted ? ReasonCode::Success : ReasonCode::BadUserNameOrPassword));
        CHECK(outcome.identity == (row.accepted ? api::Identity{"alice", false} : api::Identity{}));
        CHECK(outcome.why.find("secret") == std::string::npos);
    }
}

TEST_CASE("authenticator: unknown users get the answer of known ones, after as much work") {
    const PasswordAuthenticator authenticator(AnonymousPolicy::Never, make_users());
    const auto time_of = [&](const char* user_name) {
        auto shortest = std::chrono::nanoseconds::max();
        for (int i = 0; i < 3; ++i) {
            const auto start = std::chrono::steady_clock::now();
            const auto outcome = authenticator.check(show(user_name, "wrong"));
            shortest = std::min<std::chrono::nanoseconds>(shortest, std::chrono::steady_clock::now() - start);
            CHECK(outcome.why == "unknown user or wrong password");
            CHECK(outcome.reason == ReasonCode::BadUserNameOrPassword);
        }
        return shortest;
    };
    const auto known = time_of("alice");
    const auto unknown = time_of("bob");
    CHECK(unknown > known / 4);  // Without the decoy it takes a thousandth.
    CHECK(known > unknown / 4);
}

TEST_CASE("authenticator: a password file without users lets nobody in by password") {
    auto parsed = parse_password_file("users", "# nobody\n");
    REQUIRE(parsed);
    const PasswordAuthenticator authenticator(AnonymousPolicy::Never,
                                              std::make_shared<const PasswordSet>(*std::move(parsed)));
    CHECK(authenticator.check(show("alice", "secret", true)).reason == ReasonCode::BadUserNameOrPassword);
    CHECK(authenticator.check(show({}, {}, true)).reason == ReasonCode::NotAuthorized);
}

TEST_CASE("authenticator: methods of enhanced authentication") {
    const PasswordAuthenticator authenticator(AnonymousPolicy::Always, make_users());
    CHECK(authenticator.begin("SCRAM-SHA-256", show({}, {}), std::string(32, 'x')) != nullptr);
    for (const std::string method : {"", "PLAIN", "scram-sha-256", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"})
        CHECK(authenticator.begin(method, show({}, {}), std::string(32, 'x')) == nullptr);
}

TEST_CASE("authenticator: several threads at once") {
    const PasswordAuthenticator authenticator(AnonymousPolicy::Never, make_users());
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            const bool good = i % 2 == 0;
            right += authenticator.check(show("alice", good ? "secret" : "wrong")).accepted() == good ? 1 : 0;
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(right == 4);
}

}  // namespace runnel::auth

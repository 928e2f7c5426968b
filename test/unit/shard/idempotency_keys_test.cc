// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/idempotency_keys.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::shard {
namespace {

using Entry = IdempotencyKeys::Entry;

Entry settled(Time expires) {
    Entry entry;
    entry.expires = expires;
    entry.is_settled = true;
    return entry;
}

TEST_CASE("Idempotency keys: the expired are taken out in the order of their expiry, the others stay") {
    IdempotencyKeys keys;
    keys.add("late", settled(Time{30}));
    keys.add("early", settled(Time{10}));
    keys.add("early too", settled(Time{10}));
    CHECK_FALSE(keys.take_outdated(Time{9}));
    CHECK(keys.take_outdated(Time{10}) == "early");
    CHECK(keys.take_outdated(Time{10}) == "early too");
    CHECK_FALSE(keys.take_outdated(Time{29}));
    CHECK(keys.find("early") == nullptr);
    CHECK(keys.find("late") != nullptr);
}

TEST_CASE("Idempotency keys: one that is not settled is not taken out") {
    IdempotencyKeys keys;
    keys.add("a", settled(Time{10})).is_settled = false;
    CHECK_FALSE(keys.take_outdated(Time{1000}));
    keys.find("a")->is_settled = true;
    CHECK(keys.take_outdated(Time{1000}) == "a");
    CHECK(keys.size() == 0);
}

TEST_CASE("Idempotency keys: beyond the limit the oldest goes") {
    IdempotencyKeys keys;
    for (size_t i = 0; i < IdempotencyKeys::kCountMax - 1; ++i)
        keys.add(std::to_string(i), settled(Time{1000 + static_cast<int64_t>(i)}));
    CHECK_FALSE(keys.take_outdated(Time{0}));
    keys.add("last", settled(Time{1'000'000}));
    CHECK(keys.take_outdated(Time{0}) == "0");
    CHECK_FALSE(keys.take_outdated(Time{0}));
}

TEST_CASE("Idempotency keys: what is erased is found no more, and others of the same moment are") {
    IdempotencyKeys keys;
    keys.add("a", settled(Time{10}));
    keys.add("b", settled(Time{10}));
    keys.erase("b");
    keys.erase("c");
    CHECK(keys.find("b") == nullptr);
    CHECK(keys.take_outdated(Time{10}) == "a");
    CHECK_FALSE(keys.take_outdated(Time{10}));
}

TEST_CASE("Idempotency keys: users and messages are told apart") {
    api::LocalClient alice;
    alice.identity.user_name = "alice";
    CHECK(idempotency_name(alice, "k") == std::string("alice\0k", 7));
    CHECK(idempotency_name(alice, "k") != idempotency_name({}, "k"));
    CHECK(placing_part_of(std::string_view("a b\0k", 5)) == std::string_view("a b\0k", 5));
    CHECK(placing_part_of(std::string_view("a b\0k 12", 8)) == std::string_view("a b\0k", 5));
    api::LocalPublish message;
    message.topic = "ab";
    message.payload = "c";
    const uint64_t fingerprint = fingerprint_of(message);
    CHECK(fingerprint_of(message) == fingerprint);
    api::LocalPublish other = message;
    other.topic = "a";
    other.payload = "bc";
    CHECK(fingerprint_of(other) != fingerprint);
    other = message;
    other.message_expiry_interval = 0;
    CHECK(fingerprint_of(other) != fingerprint);
    other = message;
    other.idempotency_key = "k";
    CHECK(fingerprint_of(other) == fingerprint);
}

// These bytes lie on the disks of users, and so does the fingerprint.
TEST_CASE("Idempotency keys: version 1 of the record, byte by byte and back") {
    constexpr session::WallClock kClock{1000};
    Entry entry;
    entry.fingerprint = 300;
    entry.expires = Time{500};
    entry.answer.matched = 5;
    entry.answer.durability = "synced";
    std::string record;
    encode(entry, kClock, record);
    CHECK(record == std::string("\x01\xac\x02\xdc\x0b\x00\x05\x06synced", 14));
    const auto read = decode_idempotency_entry(record, session::WallClock{900});
    REQUIRE(read);
    CHECK(read->fingerprint == 300);
    CHECK(read->expires == Time{600});
    CHECK(read->is_settled);
    CHECK(read->answer.matched == 5);
    CHECK(read->answer.durability == "synced");
    for (size_t size = 0; size < record.size(); ++size)
        CHECK_FALSE(decode_idempotency_entry(record.substr(0, size), kClock));
    api::LocalPublish message;
    message.topic = "home/temperature";
    message.payload = "21.5";
    CHECK(fingerprint_of(message) == 15'745'481'363'337'644'697u);
}

}  // namespace
}  // namespace runnel::shard

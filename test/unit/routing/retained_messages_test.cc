// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/retained_messages.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace runnel;
using namespace runnel::routing;
using Stored = RetainedMessages::Stored;
using Topics = std::vector<std::string>;

namespace {

constexpr uint64_t kSeed = 0xfeed;

mqtt::MessageRef make_message(std::string_view topic, std::string_view payload,
                              std::optional<uint32_t> expiry_seconds = {}) {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = topic;
    fields.payload = payload;
    fields.retain = true;
    fields.message_expiry_interval = expiry_seconds;
    return mqtt::ApplicationMessage::make(fields);
}

RetainedMessages with_topics(const Topics& topics) {
    RetainedMessages messages(kSeed, {});
    for (const std::string& topic : topics)
        messages.store(make_message(topic, "x"), {1, 0, 0});
    return messages;
}

Topics topics_of(const RetainedMessages& messages, std::string_view filter, Time now = {}) {
    Topics topics;
    messages.match(filter, now, [&](const mqtt::MessageRef& message) { topics.emplace_back(message->topic()); });
    std::sort(topics.begin(), topics.end());
    return topics;
}

std::string payload_of(const RetainedMessages& messages, std::string_view topic) {
    const mqtt::ApplicationMessage* message = messages.find(topic);
    return message == nullptr ? "(none)" : std::string(message->payload());
}

}  // namespace

TEST_CASE("filters reach retained topics as section 4.7 says") {
    const RetainedMessages messages =
        with_topics({"a", "a/b", "a/b/c", "a/c", "b", "/", "/b", "a/", "$SYS", "$SYS/up", "a/$x"});
    CHECK(topics_of(messages, "a") == Topics{"a"});
    CHECK(topics_of(messages, "a/b") == Topics{"a/b"});
    CHECK(topics_of(messages, "x") == Topics{});
    CHECK(topics_of(messages, "a/b/c/d") == Topics{});
    CHECK(topics_of(messages, "a/+") == Topics{"a/", "a/$x", "a/b", "a/c"});
    CHECK(topics_of(messages, "a/#") == Topics{"a", "a/", "a/$x", "a/b", "a/b/c", "a/c"});
    CHECK(topics_of(messages, "a/b/#") == Topics{"a/b", "a/b/c"});
    CHECK(topics_of(messages, "+") == Topics{"a", "b"});
    CHECK(topics_of(messages, "+/+") == Topics{"/", "/b", "a/", "a/$x", "a/b", "a/c"});
    CHECK(topics_of(messages, "+/b/#") == Topics{"/b", "a/b", "a/b/c"});
    CHECK(topics_of(messages, "+/+/c") == Topics{"a/b/c"});
    CHECK(topics_of(messages, "/#") == Topics{"/", "/b"});
    CHECK(topics_of(messages, "#") == Topics{"/", "/b", "a", "a/", "a/$x", "a/b", "a/b/c", "a/c", "b"});
    CHECK(topics_of(messages, "+/up") == Topics{});
    CHECK(topics_of(messages, "$SYS/#") == Topics{"$SYS", "$SYS/up"});
    CHECK(topics_of(messages, "$SYS/+") == Topics{"$SYS/up"});
}

TEST_CASE("only $-topics at the root are hidden, whichever came first") {
    CHECK(topics_of(with_topics({"$a", "$b"}), "#") == Topics{});
    CHECK(topics_of(with_topics({"$a", "x", "$b", "$c/d", "y"}), "+") == Topics{"x", "y"});
    CHECK(topics_of(with_topics({"x", "$a"}), "+/#") == Topics{"x"});
    CHECK(topics_of(RetainedMessages(kSeed, {}), "#") == Topics{});
}

TEST_CASE("the greatest stamp wins, whatever the order of arrival") {
    RetainedMessages messages(kSeed, {});
    CHECK(messages.store(make_message("t", "two"), {20, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("t", "one"), {10, 9, 9}) == Stored::Older);
    CHECK(messages.store(make_message("t", "two again"), {20, 0, 0}) == Stored::Older);
    CHECK(payload_of(messages, "t") == "two");
    CHECK(messages.store(make_message("t", "counted"), {20, 1, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("t", "from peer 1"), {20, 1, 1}) == Stored::Yes);
    CHECK(payload_of(messages, "t") == "from peer 1");
    CHECK(messages.count() == 1);
}

TEST_CASE("an empty payload erases and keeps older messages away until its tombstone is forgotten") {
    RetainedMessages messages(kSeed, {});
    messages.store(make_message("t", "x"), {10, 0, 0});
    CHECK(messages.store(make_message("t", ""), {5, 0, 0}) == Stored::Older);
    CHECK(messages.store(make_message("t", ""), {20, 0, 0}) == Stored::Yes);
    CHECK(messages.find("t") == nullptr);
    CHECK(messages.count() == 0);
    CHECK(messages.bytes() == 0);
    CHECK(topics_of(messages, "#") == Topics{});
    CHECK(messages.store(make_message("t", "late"), {15, 0, 0}) == Stored::Older);
    messages.forget_tombstones(Time{20});
    CHECK(messages.store(make_message("t", "late"), {15, 0, 0}) == Stored::Older);
    messages.forget_tombstones(Time{21});
    CHECK(messages.tombstone_count() == 0);
    CHECK(messages.store(make_message("t", "late"), {15, 0, 0}) == Stored::Yes);
}

TEST_CASE("a tombstone is left where nothing was, and a newer message takes its place") {
    RetainedMessages messages(kSeed, {});
    CHECK(messages.store(make_message("a/b", ""), {20, 0, 0}) == Stored::Yes);
    CHECK(messages.tombstone_count() == 1);
    CHECK(messages.store(make_message("a/b", "late"), {10, 0, 0}) == Stored::Older);
    CHECK(messages.store(make_message("a/b", "new"), {30, 0, 0}) == Stored::Yes);
    CHECK(messages.tombstone_count() == 0);
    messages.forget_tombstones(Time{1000});
    CHECK(payload_of(messages, "a/b") == "new");
}

TEST_CASE("expired messages are skipped, and removed a few at a time") {
    RetainedMessages messages(kSeed, {});
    messages.store(make_message("one", "x", 1), {1, 0, 0});
    messages.store(make_message("two", "x", 2), {2, 0, 0});
    messages.store(make_message("also two", "x", 2), {3, 0, 0});
    messages.store(make_message("ever", "x"), {4, 0, 0});
    CHECK(topics_of(messages, "#", Time{999}).size() == 4);
    CHECK(topics_of(messages, "#", Time{1000}) == Topics{"also two", "ever", "two"});
    CHECK(topics_of(messages, "#", Time{2000}) == Topics{"ever"});
    CHECK(messages.expire(Time{999}, 10) == 0);
    CHECK(messages.count() == 4);
    CHECK(messages.expire(Time{2000}, 2) == 2);
    CHECK(messages.expire(Time{2000}, 2) == 1);
    CHECK(messages.expire(Time{2000}, 2) == 0);
    CHECK(messages.count() == 1);
    CHECK(messages.bytes() == messages.find("ever")->memory_size());
    CHECK(messages.store(make_message("one", "late"), {0, 0, 0}) == Stored::Older);
}

TEST_CASE("a message that replaces another takes over its expiry") {
    RetainedMessages messages(kSeed, {});
    messages.store(make_message("t", "short", 1), {1, 0, 0});
    messages.store(make_message("t", "long", 100), {2, 0, 0});
    CHECK(messages.expire(Time{5000}, 10) == 0);
    messages.store(make_message("t", "for ever"), {3, 0, 0});
    CHECK(messages.expire(Time{1'000'000}, 10) == 0);
    CHECK(payload_of(messages, "t") == "for ever");
}

TEST_CASE("the number of messages is limited, replacing and erasing are not") {
    RetainedMessages messages(kSeed, {.messages_max = 2});
    CHECK(messages.store(make_message("a", "x"), {1, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("b", "x"), {1, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("c", "x"), {1, 0, 0}) == Stored::Full);
    CHECK(messages.find("c") == nullptr);
    CHECK(messages.store(make_message("a", "y"), {2, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("c", ""), {2, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("a", ""), {3, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("d", "x"), {1, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("a", "z"), {4, 0, 0}) == Stored::Full);
    CHECK(messages.count() == 2);
}

TEST_CASE("the bytes of messages are limited") {
    const mqtt::MessageRef small = make_message("a", "x");
    RetainedMessages messages(kSeed, {.bytes_max = 2 * small->memory_size()});
    CHECK(messages.store(small, {1, 0, 0}) == Stored::Yes);
    CHECK(messages.store(make_message("b", "xy"), {1, 0, 0}) == Stored::Full);
    CHECK(messages.store(make_message("b", "x"), {1, 0, 0}) == Stored::Yes);
    CHECK(messages.bytes() == 2 * small->memory_size());
    CHECK(messages.store(make_message("b", "longer"), {2, 0, 0}) == Stored::Full);
    CHECK(payload_of(messages, "b") == "x");
    CHECK(messages.store(make_message("b", ""), {3, 0, 0}) == Stored::Yes);
    CHECK(messages.bytes() == small->memory_size());
}

TEST_CASE("topics of many levels cannot take more than the limit of the tree") {
    RetainedMessages messages(kSeed, {.bytes_max = 1 << 20});
    const std::string slashes(5000, '/');
    size_t stored = 0;
    for (int i = 0; i < 1000; ++i) {
        const Stored answer = messages.store(make_message(std::to_string(i) + slashes, "x"), {1, 0, 0});
        if (answer == Stored::Yes) ++stored;
    }
    CHECK(stored > 0);
    CHECK(stored < 10);
    CHECK(messages.count() == stored);
    CHECK(messages.memory_bytes() < 3 << 20);
}

TEST_CASE("tombstones give way to messages, and are limited themselves") {
    RetainedMessages messages(kSeed, {.messages_max = 2000, .bytes_max = 1 << 20});
    const std::string slashes(50, '/');
    for (int i = 0; i < 5000; ++i) {
        CHECK(messages.store(make_message(std::to_string(i) + slashes, ""), {i, 0, 0}) == Stored::Yes);
    }
    CHECK(messages.tombstone_count() <= 2000);
    CHECK(messages.memory_bytes() < 3 << 20);
    const auto topic_of = [](int i) { return "m/" + std::to_string(i) + "/a/b/c/d"; };
    for (int i = 0; i < 1000; ++i)
        CHECK(messages.store(make_message(topic_of(i), "x"), {i, 0, 0}) == Stored::Yes);
    CHECK(messages.count() == 1000);
    CHECK(messages.store(make_message("4999" + slashes, "late"), {10, 0, 0}) == Stored::Older);
}

TEST_CASE("topics of 65,535 slashes are stored, matched and erased") {
    RetainedMessages messages(kSeed, {.bytes_max = 64 << 20});
    const std::string slashes(65535, '/');
    CHECK(messages.store(make_message(slashes, "x"), {1, 0, 0}) == Stored::Yes);
    CHECK(topics_of(messages, slashes) == Topics{slashes});
    CHECK(topics_of(messages, "#") == Topics{slashes});
    CHECK(topics_of(messages, "+/" + slashes.substr(2) + "#") == Topics{slashes});
    CHECK(topics_of(messages, slashes.substr(1)) == Topics{});
    CHECK(messages.store(make_message(slashes, ""), {2, 0, 0}) == Stored::Yes);
    CHECK(messages.find(slashes) == nullptr);
    messages.forget_tombstones(Time{3});
    CHECK(messages.memory_bytes() < 1 << 20);
}

TEST_CASE("a level with very many topics is walked, and each topic found and erased alone") {
    RetainedMessages messages(kSeed, {});
    constexpr int kMany = 100000;
    for (int i = 0; i < kMany; ++i)
        messages.store(make_message("n/" + std::to_string(i), "x"), {1, 0, 0});
    size_t found = 0;
    messages.match("n/+", Time{}, [&](const mqtt::MessageRef&) { ++found; });
    CHECK(found == kMany);
    CHECK(messages.find("n/77777") != nullptr);
    for (int i = 0; i < kMany; ++i)
        messages.store(make_message("n/" + std::to_string(i * 7919 % kMany), ""), {2, 0, 0});
    CHECK(messages.count() == 0);
    CHECK(messages.tombstone_count() == kMany);
    messages.forget_tombstones(Time::never());
    CHECK(messages.tombstone_count() == 0);
    CHECK(topics_of(messages, "#") == Topics{});
}

// SPDX-License-Identifier: Apache-2.0
#include "broker/session/message_queue.h"

#include <string>

#include <doctest/doctest.h>

namespace runnel::session {
namespace {

Delivery delivery(const std::string& payload) {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = "t";
    fields.payload = payload;
    Delivery made;
    made.message = mqtt::ApplicationMessage::make(fields);
    return made;
}

TEST_CASE("A queue counts the bytes of what waits in it") {
    MessageQueue queue;
    const Delivery small = delivery("x"), large = delivery(std::string(1000, 'x'));
    queue.push_back(small);
    queue.push_back(large);
    CHECK(queue.size() == 2);
    CHECK(queue.bytes() == small.message->memory_size() + large.message->memory_size());
    CHECK(queue.front().message.get() == small.message.get());
    CHECK(queue.pop_front().message.get() == small.message.get());
    CHECK(queue.bytes() == large.message->memory_size());
    queue.pop_front();
    CHECK(queue.empty());
    CHECK(queue.bytes() == 0);
}

TEST_CASE("A queue is full when one more would pass a limit; a limit of 0 is none") {
    MessageQueue queue;
    CHECK_FALSE(queue.is_full(1'000'000, 0, 0));
    CHECK_FALSE(queue.is_full(10, 1, 10));
    CHECK(queue.is_full(11, 1, 10));
    queue.push_back(delivery("x"));
    CHECK(queue.is_full(0, 1, 0));
    CHECK_FALSE(queue.is_full(0, 2, 0));
    const uint64_t bytes = queue.bytes();
    CHECK_FALSE(queue.is_full(5, 0, bytes + 5));
    CHECK(queue.is_full(6, 0, bytes + 5));
}

TEST_CASE("Subscription Identifiers keep their order, and none is none") {
    CHECK(SubscriptionIdentifiers().empty());
    CHECK(SubscriptionIdentifiers().all().empty());
    CHECK(SubscriptionIdentifiers(0).empty());
    CHECK(SubscriptionIdentifiers(std::vector<uint32_t>{}).empty());
    const SubscriptionIdentifiers one(7), also_one(std::vector<uint32_t>{7}), several(std::vector<uint32_t>{9, 3, 9});
    REQUIRE(one.all().size() == 1);
    CHECK(one.all()[0] == 7);
    REQUIRE(also_one.all().size() == 1);
    CHECK(also_one.all()[0] == 7);
    const SubscriptionIdentifiers copy = several;
    REQUIRE(copy.all().size() == 3);
    CHECK(copy.all()[0] == 9);
    CHECK(copy.all()[1] == 3);
    CHECK(copy.all()[2] == 9);
}

}  // namespace
}  // namespace runnel::session

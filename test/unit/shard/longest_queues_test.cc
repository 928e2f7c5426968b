// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/longest_queues.h"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace runnel;

void add(shard::Sessions& sessions, const std::string& client_identifier, size_t messages) {
    shard::SessionSlot& slot = sessions.make(client_identifier);
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = "t";
    for (size_t i = 0; i < messages; ++i) {
        session::Delivery delivery;
        delivery.message = mqtt::ApplicationMessage::make(fields);
        slot.session.queue.push_back(std::move(delivery));
    }
}

std::string names_of(const std::vector<api::QueueStatus>& queues) {
    std::string names;
    for (const api::QueueStatus& queue : queues)
        names += queue.client_identifier + "=" + std::to_string(queue.messages) + " ";
    return names;
}

TEST_CASE("the longest queues") {
    shard::Sessions sessions(1);
    CHECK(longest_queues(sessions, 3).empty());
    add(sessions, "a", 5);
    add(sessions, "none", 0);
    add(sessions, "b", 9);
    add(sessions, "c", 1);
    CHECK(names_of(longest_queues(sessions, 9)) == "b=9 a=5 c=1 ");
    add(sessions, "d", 7);
    add(sessions, "e", 2);
    CHECK(names_of(longest_queues(sessions, 3)) == "b=9 d=7 a=5 ");
    CHECK(names_of(longest_queues(sessions, 1)) == "b=9 ");
    CHECK(longest_queues(sessions, 0).empty());
    CHECK(longest_queues(sessions, 1).front().bytes > 0);
    CHECK_FALSE(longest_queues(sessions, 1).front().is_connected);
}

}  // namespace

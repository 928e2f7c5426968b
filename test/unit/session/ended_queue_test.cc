// SPDX-License-Identifier: Apache-2.0
#include "broker/session/ended_queue.h"

#include <doctest/doctest.h>

#include "broker/session/stored_keys.h"

namespace runnel::session {
namespace {

EndedQueue full_queue() {
    EndedQueue queue;
    queue.client_identifier = "sensor";
    queue.begin = queue.next = 7;
    queue.first = 8;
    queue.end = 300;
    queue.taken = {9, 200};
    queue.memberships = {{5, "g", "a/#"}, {6, "h", "b"}};
    return queue;
}

std::string record_of(const EndedQueue& queue) {
    std::string record;
    encode(queue, record);
    return record;
}

// These bytes lie on the disks of users: a change needs a new version, and code that reads the old one.
TEST_CASE("Queue of an ended Session: version 1 byte by byte") {
    CHECK(key_of(full_queue()) == std::string("esensor\0\0\0\0\0\0\0\0\x07", 16));
    CHECK(record_of(full_queue()) == std::string("\x01\x08\xac\x02\x02\x09\xc8\x01\x02"
                                                 "\x05\x01g\x03"
                                                 "a/#"
                                                 "\x06\x01h\x01"
                                                 "b"));
}

TEST_CASE("Queue of an ended Session: what was written is read back, and nothing else") {
    const std::string name = key_of(full_queue()).substr(1);
    const std::string record = record_of(full_queue());
    const auto queue = decode_ended_queue(name, record);
    REQUIRE(queue);
    CHECK(queue->client_identifier == "sensor");
    CHECK(queue->begin == 7);
    CHECK(queue->next == 7);
    CHECK(queue->first == 8);
    CHECK(queue->end == 300);
    CHECK(queue->taken == std::vector<uint64_t>{9, 200});
    REQUIRE(queue->memberships.size() == 2);
    CHECK(queue->memberships[1].sequence == 6);
    CHECK(queue->memberships[1].filter == "b");
    for (size_t size = 0; size < record.size(); ++size)
        CHECK_FALSE(decode_ended_queue(name, record.substr(0, size)));
    CHECK_FALSE(decode_ended_queue("short", record));
}

TEST_CASE("Queue of an ended Session: what counts in it") {
    const EndedQueue queue = full_queue();
    CHECK_FALSE(queue.counts(7));
    CHECK(queue.counts(8));
    CHECK_FALSE(queue.counts(9));
    CHECK(queue.counts(299));
    CHECK_FALSE(queue.counts(300));
    REQUIRE(queue.membership_of(6) != nullptr);
    CHECK(queue.membership_of(6)->share_name == "h");
    CHECK(queue.membership_of(0) == nullptr);
}

}  // namespace
}  // namespace runnel::session

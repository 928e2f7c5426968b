// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_queue.h"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "broker/session/stored_queue.h"

namespace runnel::session {
namespace {

// A queue with its store: each turn is one record, durable as soon as it is written.
struct Stage {
    SessionQueue queue;
    StoredQueue stored;
    std::map<uint64_t, std::string> disk;
    uint64_t ticket = 0;
    SessionQueue::Budget budget{4, 1'000'000};

    void turn(std::initializer_list<int> names) {
        for (const int name : names) {
            mqtt::ApplicationMessage::Fields fields;
            const std::string payload = std::to_string(name);
            fields.topic = "t";
            fields.payload = payload;
            Delivery delivery;
            delivery.message = mqtt::ApplicationMessage::make(fields);
            delivery.qos = mqtt::QoS::AtLeastOnce;
            delivery.number = stored.add(delivery, {});
            queue.push_back(std::move(delivery));
        }
        write();
        queue.page_out(stored, ticket, budget);
    }
    void write() {
        if (const auto written = stored.take_open(++ticket)) disk[written->first] = written->record;
        for (const uint64_t first : stored.take_emptied())
            disk.erase(first);
    }
    std::string pop() {
        const Delivery delivery = queue.pop_front();
        stored.finished(delivery.number);
        write();
        return std::string(delivery.message->payload());
    }
    SessionQueue::Lost read(size_t records) {
        const SessionQueue::PagedRange question = queue.ask(1);
        SessionQueue::Lost lost;
        for (auto at = disk.lower_bound(question.begin); at != disk.end() && at->first < question.end; ++at) {
            if (records-- == 0) return lost;
            lost.messages += queue.page_in(at->first, at->second, {}, stored).messages;
        }
        lost.messages += queue.lose_until(question.end, stored).messages;
        return lost;
    }
};

TEST_CASE("A long queue keeps its beginning in memory, and comes back in order") {
    Stage stage;
    for (int i = 0; i < 30; i += 3)
        stage.turn({i, i + 1, i + 2});
    CHECK(stage.queue.is_paged());
    CHECK(stage.queue.size() == 30);
    const uint64_t bytes = stage.queue.bytes();
    size_t in_memory = 0;
    stage.queue.for_each_in_memory([&](const Delivery&) { ++in_memory; });
    CHECK(in_memory == 6);
    CHECK(stage.read(2).messages == 0);
    CHECK(stage.queue.bytes() == bytes);
    CHECK(stage.queue.size() == 30);
    for (int i = 0; i < 30; ++i) {
        if (!stage.queue.can_pop()) CHECK(stage.read(1).messages == 0);
        CHECK(stage.pop() == std::to_string(i));
    }
    CHECK(stage.queue.empty());
    CHECK(stage.queue.bytes() == 0);
    CHECK_FALSE(stage.queue.is_paged());
    CHECK(stage.disk.empty());
}

TEST_CASE("The oldest ones are dropped from the store without being read, also during a question") {
    Stage stage;
    for (int i = 0; i < 20; i += 2)
        stage.turn({i, i + 1});
    for (int i = 0; i < 4; ++i)
        CHECK(stage.pop() == std::to_string(i));
    REQUIRE_FALSE(stage.queue.can_pop());
    const uint64_t before = stage.queue.bytes();
    const uint64_t dropped = stage.queue.drop_paged(stage.stored);
    CHECK(dropped == before - stage.queue.bytes());
    stage.queue.ask(7);
    stage.queue.drop_paged(stage.stored);
    stage.queue.drop_paged(stage.stored);
    CHECK(stage.queue.first_number(0) == 8);
    const std::map<uint64_t, std::string> answer = stage.disk;
    stage.write();
    CHECK(stage.disk.begin()->first == 7);  // The segment is needed for its second message.
    for (const auto& [first, record] : answer)
        CHECK(stage.queue.page_in(first, record, {}, stage.stored).messages == 0);
    for (int i = 7; i < 20; ++i)
        CHECK(stage.pop() == std::to_string(i));
    CHECK(stage.queue.empty());
    CHECK(stage.disk.empty());
}

TEST_CASE("Records that are missing or damaged are counted and do not hold up the rest") {
    Stage stage;
    for (int i = 0; i < 8; ++i)
        stage.turn({i});
    for (int i = 0; i < 4; ++i)
        stage.pop();
    stage.disk.erase(5);
    stage.disk[7].resize(5);
    CHECK(stage.read(100).messages == 2);
    CHECK(stage.pop() == "5");
    CHECK(stage.pop() == "7");
    CHECK(stage.queue.empty());
    CHECK(stage.disk.empty());
}

TEST_CASE("What is not stored yet stays in memory") {
    Stage stage;
    for (int i = 0; i < 6; ++i)
        stage.turn({i});
    stage.budget = {0, 0};
    CHECK(stage.queue.size() == 6);
    Delivery late;
    late.message = mqtt::ApplicationMessage::make({});
    late.number = stage.stored.add(late, {});
    stage.queue.push_back(std::move(late));
    stage.queue.page_out(stage.stored, stage.ticket, stage.budget);
    size_t in_memory = 0;
    stage.queue.for_each_in_memory([&](const Delivery&) { ++in_memory; });
    CHECK(in_memory == 5);
    CHECK(stage.queue.size() == 7);
}

TEST_CASE("New messages wait behind the paged ones") {
    Stage stage;
    for (int i = 0; i < 7; ++i)
        stage.turn({i});
    for (int i = 0; i < 4; ++i)
        stage.pop();
    stage.budget = {100, 1'000'000};
    stage.read(1);
    stage.turn({7, 8});
    for (int i = 4; i < 9; ++i) {
        if (!stage.queue.can_pop()) stage.read(100);
        CHECK(stage.pop() == std::to_string(i));
    }
    CHECK(stage.disk.empty());
}

TEST_CASE("What is taken out leaves the others in their place, also when they are paged later") {
    Stage stage;
    for (int i = 0; i < 12; i += 2)
        stage.turn({i, i + 1});
    REQUIRE(stage.queue.is_paged());
    stage.read(100);  // All of it: nothing is paged, and the beginning is in front.
    REQUIRE_FALSE(stage.queue.is_paged());
    const auto is_even = [](const Delivery& delivery) { return delivery.number % 2 == 0; };
    const std::vector<Delivery> taken = stage.queue.take_behind_paged(is_even);
    CHECK(taken.size() == 6);
    for (const Delivery& delivery : taken) {
        stage.stored.taken_from_queue(delivery.number);
        stage.stored.finished(delivery.number);
    }
    for (int i = 12; i < 24; i += 2)
        stage.turn({i, i + 1});
    CHECK(stage.queue.is_paged());
    for (const int i : {0, 2, 4, 6, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}) {
        if (!stage.queue.can_pop()) CHECK(stage.read(1).messages == 0);
        CHECK(stage.pop() == std::to_string(i));
    }
    CHECK(stage.queue.empty());
    CHECK(stage.disk.empty());
}

TEST_CASE("A number that is noted as gone is not given again after a restart") {
    StoredQueue stored;
    stored.restore_taken(3, {4, 9});
    stored.restore(3, 1, 1);
    Delivery delivery;
    delivery.message = mqtt::ApplicationMessage::make({});
    CHECK(stored.add(delivery, {}) == 10);
}

}  // namespace
}  // namespace runnel::session

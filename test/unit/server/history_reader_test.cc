// SPDX-License-Identifier: Apache-2.0
#include "broker/server/history_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "broker/history/recorder.h"
#include "storage/memory_store.h"

namespace runnel::server {
namespace {

constexpr int64_t kDay = 86'400'000;

// A store with what was recorded in it.
struct Stage {
    std::vector<history::Rule> rules;
    history::Recorder recorder;
    storage::MemoryStore store;
    HistoryReader reader{store};

    explicit Stage(std::vector<std::string> filters)
        : rules(rules_of(std::move(filters))), recorder(rules, history::writer_number(1, 0), {}, 1) {}

    static std::vector<history::Rule> rules_of(std::vector<std::string> filters) {
        std::vector<history::Rule> made;
        for (std::string& filter : filters)
            made.emplace_back().filter = std::move(filter);
        return made;
    }
    void record(std::string_view topic, std::string_view payload, int64_t now_ms) {
        mqtt::ApplicationMessage::Fields fields;
        fields.topic = topic;
        fields.payload = payload;
        storage::WriteBatch batch;
        recorder.record(*recorder.rule_for(topic), fields, Time{now_ms}, batch);
        recorder.end_turn(batch);
        REQUIRE(store.apply(batch, storage::Durability::Written));
    }
    // The payloads of all pages.
    std::vector<std::string> payloads(api::HistoryQuery query) const {
        std::vector<std::string> all;
        for (size_t pages = 0; pages < 10'000; ++pages) {
            const api::HistoryPage page = reader.messages(query);
            REQUIRE(page.failure.empty());
            for (const api::HistoryMessage& message : page.messages)
                all.push_back(message.payload);
            if (!page.next) return all;
            query.after = page.next;
        }
        FAIL("the pages do not end");
        return all;
    }
    std::vector<std::string> buckets(api::BucketQuery query) const {
        std::vector<std::string> all;
        for (size_t pages = 0; pages < 10'000; ++pages) {
            const api::BucketPage page = reader.buckets(query);
            REQUIRE(page.failure.empty());
            for (const api::HistoryBucket& one : page.buckets)
                all.push_back(std::to_string(one.start_ms / 1'000) + " " + one.topic + " " + std::to_string(one.count) +
                              " " + std::to_string(static_cast<int>(one.sum)) + " " +
                              std::to_string(static_cast<int>(one.last)));
            if (!page.next) return all;
            query.after = page.next;
        }
        FAIL("the pages do not end");
        return all;
    }
};

using Texts = std::vector<std::string>;

api::HistoryQuery query_of(std::string filter) {
    api::HistoryQuery query;
    query.filters = {std::move(filter)};
    return query;
}

api::BucketQuery buckets_of(std::string filter, int64_t every_ms) {
    api::BucketQuery query;
    query.filters = {std::move(filter)};
    query.every_ms = every_ms;
    return query;
}

}  // namespace

TEST_CASE("history: one time order over several rules, by filter and range, however small the pages") {
    Stage stage({"a/+", "#"});
    stage.record("a/x", "1", 1'000);
    stage.record("b", "2", 1'000);
    stage.record("a/y", "3", 2'000);
    stage.record("a/x", "4", 3'000);
    stage.record("b", "5", 4'000);
    for (const size_t count_max : {1, 2, 100}) {
        CAPTURE(count_max);
        api::HistoryQuery query = query_of("#");
        query.count_max = count_max;
        CHECK(stage.payloads(query) == Texts{"1", "2", "3", "4", "5"});
        query.filters = {"a/#"};
        CHECK(stage.payloads(query) == Texts{"1", "3", "4"});
        query.filters = {"a/x"};
        CHECK(stage.payloads(query) == Texts{"1", "4"});
        query.filters = {"a/x", "b", "a/x"};
        CHECK(stage.payloads(query) == Texts{"1", "2", "4", "5"});
        query.filters = {"+", "a/x"};
        CHECK(stage.payloads(query) == Texts{"1", "2", "4", "5"});
        query.filters = {"#"};
        query.from_ms = 2'000;
        query.to_ms = 4'000;
        CHECK(stage.payloads(query) == Texts{"3", "4"});
        query.filters = {"b", "a/y"};
        CHECK(stage.payloads(query) == Texts{"3"});
    }
    CHECK(stage.payloads(query_of("c")).empty());
    CHECK(stage.payloads(query_of("c/#")).empty());
    CHECK(Stage({"#"}).payloads(query_of("#")).empty());
}

TEST_CASE("history: the messages of one topic lie in many days") {
    Stage stage({"#"});
    for (int64_t day = 0; day < 40; ++day) {
        stage.record("other", "no", 19'000 * kDay + day * kDay);
        if (day % 13 == 0) stage.record("t", std::to_string(day), 19'000 * kDay + day * kDay + 5);
    }
    api::HistoryQuery query = query_of("t");
    CHECK(stage.payloads(query) == Texts{"0", "13", "26", "39"});
    query.count_max = 1;
    CHECK(stage.payloads(query) == Texts{"0", "13", "26", "39"});
    query.from_ms = 19'013 * kDay + 5;
    query.to_ms = 19'039 * kDay + 5;
    CHECK(stage.payloads(query) == Texts{"13", "26"});
}

TEST_CASE("history: a page ends by its bytes, and by what it looked at") {
    Stage stage({"#"});
    for (int i = 0; i < 20'500; ++i)
        stage.record("noise", "x", 1'000 + i);
    stage.record("wanted/1", std::string(1'000, 'a'), 50'000);
    stage.record("wanted/2", std::string(1'000, 'b'), 50'000);
    api::HistoryQuery query = query_of("wanted/+");
    const api::HistoryPage first = stage.reader.messages(query);
    CHECK(first.messages.empty());
    CHECK(first.next.has_value());
    query.bytes_max = 500;
    query.after = first.next;
    CHECK(stage.reader.messages(query).messages.size() == 1);
    CHECK(stage.payloads(query_of("wanted/+")).size() == 2);
}

TEST_CASE("history: buckets of any multiple, put together from what is stored") {
    Stage stage({"s/#", "#"});
    stage.record("s/a", "1", 3'600'000);
    stage.record("s/a", "2", 3'610'000);
    stage.record("s/b", "10", 3'611'000);
    stage.record("t", "7", 3'660'000);
    stage.record("s/a", "3", 7'200'000);
    for (const size_t count_max : {1, 2, 100}) {
        CAPTURE(count_max);
        api::BucketQuery query = buckets_of("#", 10'000);
        query.count_max = count_max;
        CHECK(stage.buckets(query) ==
              Texts{"3600 s/a 1 1 1", "3610 s/a 1 2 2", "3610 s/b 1 10 10", "3660 t 1 7 7", "7200 s/a 1 3 3"});
        query.every_ms = 60'000;
        CHECK(stage.buckets(query) == Texts{"3600 s/a 2 3 2", "3600 s/b 1 10 10", "3660 t 1 7 7", "7200 s/a 1 3 3"});
        query.every_ms = 2 * 3'600'000;
        CHECK(stage.buckets(query) == Texts{"0 s/a 2 3 2", "0 s/b 1 10 10", "0 t 1 7 7", "7200 s/a 1 3 3"});
        query.every_ms = 90'000;
        query.filters = {"s/a"};
        CHECK(stage.buckets(query) == Texts{"3600 s/a 2 3 2", "7200 s/a 1 3 3"});
        query.from_ms = 3'600'001;
        CHECK(stage.buckets(query) == Texts{"7200 s/a 1 3 3"});
        query.from_ms = 0;
        query.to_ms = 7'200'000;
        CHECK(stage.buckets(query) == Texts{"3600 s/a 2 3 2"});
    }
    CHECK_FALSE(stage.reader.buckets(buckets_of("#", 15'000)).failure.empty());
    CHECK_FALSE(stage.reader.buckets(buckets_of("#", 0)).failure.empty());
}

}  // namespace runnel::server

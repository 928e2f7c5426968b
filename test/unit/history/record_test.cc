// SPDX-License-Identifier: Apache-2.0
#include "broker/history/record.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "broker/history/keys.h"

namespace runnel::history {

TEST_CASE("keys: their order is that of time and number, within one rule") {
    const std::vector<api::HistoryId> ids{
        {0, 1}, {0, 2}, {1, 1}, {255, 1}, {256, 1}, {256, uint64_t{1} << 40}, {1'700'000'000'000, 1}};
    std::vector<std::string> keys;
    for (const api::HistoryId id : ids) {
        keys.push_back(message_key("home/#", id));
        CHECK(id_at_end(keys.back()) == id);
        CHECK(id_at_end(topic_key("home/#", "home/a", id)) == id);
        CHECK(rule_in(keys.back()) == "home/#");
        CHECK(keys.back().starts_with(prefix_of(KeyKind::Message, "home/#")));
        CHECK(keys.back() < end_of_prefix(prefix_of(KeyKind::Message, "home/#")));
        CHECK_FALSE(message_key("home/+", id).starts_with(prefix_of(KeyKind::Message, "home/#")));
    }
    CHECK(std::is_sorted(keys.begin(), keys.end()));
}

TEST_CASE("keys: what a topic has in a day lies together") {
    const int64_t day = 19'000 * kDayMs;
    const std::string prefix = topic_day_prefix("#", day, "a/b");
    CHECK(topic_key("#", "a/b", {day, 1}).starts_with(prefix));
    CHECK(topic_key("#", "a/b", {day + kDayMs - 1, 1}).starts_with(prefix));
    CHECK_FALSE(topic_key("#", "a/b", {day + kDayMs, 1}).starts_with(prefix));
    CHECK_FALSE(topic_key("#", "a/bc", {day, 1}).starts_with(prefix));
    CHECK(topic_key("#", "z", {day - 1, 1}) < day_key("#", day));
}

TEST_CASE("keys: a bucket says its start and its topic, whatever bytes are in its numbers") {
    for (const int64_t start_ms : {int64_t{0}, int64_t{1'700'000'040'000}}) {
        const std::string key = bucket_key("a/+", 1, start_ms, "a/b", {0, 0});
        CHECK(key.starts_with(bucket_start_key("a/+", 1, start_ms)));
        const auto name = bucket_name(key, "a/+");
        REQUIRE(name);
        CHECK(name->start_ms == start_ms);
        CHECK(name->topic == "a/b");
    }
    CHECK_FALSE(bucket_name("b", "a/+"));
}

TEST_CASE("record: a message comes back as it was") {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = "a/b";
    fields.payload = std::string_view("\0x", 2);
    fields.forwarded_properties = "\x01\x01";
    fields.publisher = "client";
    fields.qos = mqtt::QoS::ExactlyOnce;
    fields.retain = true;
    fields.message_expiry_interval = 0;
    std::string record;
    encode(fields, record);
    CHECK(topic_of(record) == "a/b");
    const auto message = decode_message({5, 6}, record);
    REQUIRE(message);
    CHECK(message->id == api::HistoryId{5, 6});
    CHECK(message->topic == "a/b");
    CHECK(message->payload == fields.payload);
    CHECK(message->forwarded_properties == "\x01\x01");
    CHECK(message->publisher == "client");
    CHECK(message->qos == mqtt::QoS::ExactlyOnce);
    CHECK(message->retain);
    CHECK(message->message_expiry_interval == 0u);
    for (size_t size = 0; size < record.size(); ++size)
        CHECK_FALSE(decode_message({}, std::string_view(record).substr(0, size)));
    record[0] = kRecordVersion + 1;
    CHECK_FALSE(decode_message({}, record));
    CHECK_FALSE(topic_of(record));
}

// What a version has written, the next one reads: these bytes must not change.
TEST_CASE("record: the bytes of version 1") {
    mqtt::ApplicationMessage::Fields fields;
    fields.topic = "t";
    fields.payload = "p";
    fields.publisher = "c";
    fields.qos = mqtt::QoS::AtLeastOnce;
    std::string record;
    encode(fields, record);
    CHECK(record == std::string("\x01\x01t\x01p\x00\x01"
                                "c\x01\x00",
                                10));
    BucketPart part;
    part.add(2, {3, 4});
    record.clear();
    encode(part, record);
    const std::string two("\0\0\0\0\0\0\0\x40", 8);
    CHECK(record == "\x01\x01" + two + two + two + two + "\x03\x04");
}

TEST_CASE("record: parts of a bucket add up, and the last value is the latest whoever saw it") {
    BucketPart first;
    first.add(3, {10, 1});
    first.add(-1, {12, 1});
    BucketPart second;
    second.add(7, {11, 1});
    for (const bool turned : {false, true}) {
        BucketPart sum = turned ? second : first;
        sum.add(turned ? first : second);
        CHECK(sum.count == 3);
        CHECK(sum.min == -1);
        CHECK(sum.max == 7);
        CHECK(sum.sum == 9);
        CHECK(sum.last == -1);
        std::string record;
        encode(sum, record);
        const auto again = decode_bucket(record);
        REQUIRE(again);
        CHECK(again->count == 3);
        CHECK(again->sum == 9);
        CHECK(again->last_id == api::HistoryId{12, 1});
    }
    CHECK_FALSE(decode_bucket("\x01"));
}

}  // namespace runnel::history

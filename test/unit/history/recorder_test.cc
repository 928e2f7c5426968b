// SPDX-License-Identifier: Apache-2.0
#include "broker/history/recorder.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace runnel::history {
namespace {

// What a batch leaves behind in a store.
struct Content {
    std::map<std::string, std::string> records;
    void put(std::string_view key, std::string_view value) { records[std::string(key)] = value; }
    void erase(std::string_view key) { records.erase(std::string(key)); }
    void erase_range(std::string_view, std::string_view) { FAIL("a recorder erases nothing"); }
};

struct Stage {
    std::vector<Rule> rules;
    storage::WriteBatch batch;
    Content content;

    api::HistoryId record(Recorder& recorder, std::string_view topic, std::string_view payload, int64_t now_ms) {
        mqtt::ApplicationMessage::Fields fields;
        fields.topic = topic;
        fields.payload = payload;
        const Rule* rule = recorder.rule_for(topic);
        REQUIRE(rule != nullptr);
        return recorder.record(*rule, fields, Time{now_ms}, batch);
    }
    void end_turn(Recorder& recorder) {
        recorder.end_turn(batch);
        batch.for_each(content);
        batch.clear();
    }
    BucketPart bucket(size_t resolution, int64_t start_ms, std::string_view topic) const {
        BucketPart sum;
        for (const auto& [key, value] : content.records) {
            if (!key.starts_with(bucket_start_key(rules[0].filter, resolution, start_ms))) continue;
            if (bucket_name(key, rules[0].filter)->topic == topic) sum.add(*decode_bucket(value));
        }
        return sum;
    }
};

Rule rule_of(std::string filter, std::string value = {}) {
    Rule rule;
    rule.filter = std::move(filter);
    rule.value = std::move(value);
    return rule;
}

}  // namespace

TEST_CASE("recorder: the first rule that matches keeps a message, and none those of the broker") {
    const std::vector<Rule> rules{rule_of("a/b"), rule_of("a/#"), rule_of("#")};
    const Recorder recorder(rules, 1, {}, 1);
    CHECK(recorder.rule_for("a/b") == &rules[0]);
    CHECK(recorder.rule_for("a/c") == &rules[1]);
    CHECK(recorder.rule_for("x") == &rules[2]);
    CHECK(recorder.rule_for("$SYS/a") == nullptr);
    CHECK(Recorder({rules.data(), 1}, 1, {}, 1).rule_for("x") == nullptr);
}

TEST_CASE("recorder: ids rise, name their writer, and lie behind the keys of message and topic") {
    Stage stage{{rule_of("#")}, {}, {}};
    Recorder recorder(stage.rules, writer_number(3, 5), {1'000'000}, 1);
    api::HistoryId last;
    for (const int64_t now_ms : {10, 10, 10, 11, 5'000, 5'000}) {
        const api::HistoryId id = stage.record(recorder, "t", "x", now_ms);
        CHECK(id > last);
        CHECK(id.time_ms == 1'000'000 + now_ms);
        CHECK(writer_of(id) == 3 * 64 + 5);
        last = id;
        stage.end_turn(recorder);
        CHECK(topic_of(stage.content.records.at(message_key("#", id))) == "t");
        CHECK(stage.content.records.contains(topic_key("#", "t", id)));
    }
    CHECK(recorder.last() == last);
    CHECK(stage.content.records.size() == 12);
}

TEST_CASE("recorder: numbers fall into buckets of every length") {
    Stage stage{{rule_of("#", "/v")}, {}, {}};
    Recorder recorder(stage.rules, 1, {}, 1);
    stage.record(recorder, "t", "{\"v\":1}", 3'600'000);
    stage.record(recorder, "t", "{\"v\":5}", 3'609'999);
    stage.record(recorder, "t", "no number", 3'609'999);
    stage.record(recorder, "u", "{\"v\":100}", 3'609'999);
    stage.record(recorder, "t", "{\"v\":3}", 3'610'000);  // The next 10 s, within one turn.
    stage.end_turn(recorder);
    stage.record(recorder, "t", "{\"v\":-1}", 3'660'000);
    stage.end_turn(recorder);
    CHECK(stage.bucket(0, 3'600'000, "t").count == 2);
    CHECK(stage.bucket(0, 3'600'000, "t").last == 5);
    CHECK(stage.bucket(0, 3'610'000, "t").count == 1);
    CHECK(stage.bucket(1, 3'600'000, "t").count == 3);
    CHECK(stage.bucket(1, 3'600'000, "t").sum == 9);
    CHECK(stage.bucket(1, 3'660'000, "t").count == 1);
    const BucketPart hour = stage.bucket(2, 3'600'000, "t");
    CHECK(hour.count == 4);
    CHECK(hour.min == -1);
    CHECK(hour.max == 5);
    CHECK(hour.last == -1);
    CHECK(stage.bucket(2, 3'600'000, "u").count == 1);
}

TEST_CASE("recorder: several writers, one of them after a crash, add up to one bucket") {
    Stage stage{{rule_of("#")}, {}, {}};
    Recorder first(stage.rules, writer_number(1, 0), {}, 1);
    Recorder second(stage.rules, writer_number(1, 1), {}, 1);
    stage.record(first, "t", "1", 100);
    stage.record(second, "t", "2", 100);
    stage.end_turn(first);
    stage.end_turn(second);
    Recorder later(stage.rules, writer_number(2, 0), {}, 1);
    stage.record(later, "t", "3", 200);
    stage.end_turn(later);
    CHECK(stage.bucket(0, 0, "t").count == 3);
    CHECK(stage.bucket(2, 0, "t").sum == 6);
    CHECK(stage.bucket(2, 0, "t").last == 3);
}

TEST_CASE("recorder: topics that are silent are forgotten, and what they had stays right") {
    Stage stage{{rule_of("#")}, {}, {}};
    Recorder recorder(stage.rules, 1, {}, 1);
    stage.record(recorder, "t", "1", 0);
    stage.end_turn(recorder);
    recorder.keep_house(Time{3'599'999});
    CHECK(recorder.series_count() == 1);
    recorder.keep_house(Time{3'600'000});
    CHECK(recorder.series_count() == 0);
    stage.record(recorder, "t", "2", 3'600'000);
    stage.end_turn(recorder);
    CHECK(stage.bucket(2, 0, "t").count == 1);
    CHECK(stage.bucket(2, 3'600'000, "t").count == 1);
}

}  // namespace runnel::history

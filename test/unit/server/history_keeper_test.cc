// SPDX-License-Identifier: Apache-2.0
#include "broker/server/history_keeper.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "broker/history/keys.h"
#include "broker/history/recorder.h"
#include "storage/memory_store.h"

namespace runnel::server {
namespace {

using history::KeyKind;

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kNow = 19'000LL * 86'400'000;

struct Stage {
    std::vector<history::Rule> rules{1};
    std::unique_ptr<history::Recorder> recorder;
    storage::MemoryStore store;

    explicit Stage(uint64_t max_bytes) {
        rules[0].filter = "#";
        rules[0].keep.ms = 10 * kHour;
        rules[0].keep_buckets.ms = 100 * kHour;
        rules[0].max_bytes = max_bytes;
        recorder = std::make_unique<history::Recorder>(rules, 1, session::WallClock{}, 1);
    }
    void record(int64_t now_ms, const std::string& payload) {
        mqtt::ApplicationMessage::Fields fields;
        fields.topic = "t";
        fields.payload = payload;
        storage::WriteBatch batch;
        recorder->record(rules[0], fields, Time{now_ms}, batch);
        recorder->end_turn(batch);
        REQUIRE(store.apply(batch, storage::Durability::Written));
    }
    size_t count(KeyKind kind) {
        const std::string begin(1, static_cast<char>(kind));
        size_t records = 0;
        for (const auto cursor = store.scan(begin, history::end_of_prefix(begin)); cursor->valid(); cursor->next())
            ++records;
        return records;
    }
    uint64_t bytes() {
        uint64_t all = 0;
        for (const auto cursor = store.scan("h", "i"); cursor->valid(); cursor->next())
            all += cursor->key().size() + cursor->value().size();
        return all;
    }
};

void run_to_end(HistoryKeeper& keeper, int64_t now_ms) {
    for (int steps = 0; keeper.step(now_ms); ++steps)
        REQUIRE(steps < 1'000);
    CHECK(keeper.outcome());
}

}  // namespace

TEST_CASE("keeper: messages go by age, buckets later") {
    for (const uint64_t max_bytes : {uint64_t{0}, uint64_t{1} << 40}) {
        CAPTURE(max_bytes);
        Stage stage(max_bytes);
        for (int64_t hour = 0; hour < 30; ++hour)
            stage.record(kNow + hour * kHour, "1");
        HistoryKeeper keeper(stage.store, stage.rules);
        run_to_end(keeper, kNow + 30 * kHour);
        CHECK(stage.count(KeyKind::Message) == 10);
        CHECK(stage.count(KeyKind::Topic) <= 30);
        CHECK(stage.count(KeyKind::Bucket) == 90);
        run_to_end(keeper, kNow + 60 * kHour);
        CHECK(stage.count(KeyKind::Message) == 0);
        CHECK(stage.count(KeyKind::Topic) <= 6);  // Its days go whole.
        run_to_end(keeper, kNow + 115 * kHour);
        CHECK(stage.count(KeyKind::Bucket) < 50);
        run_to_end(keeper, kNow + 140 * kHour);
        CHECK(stage.count(KeyKind::Topic) == 0);
        CHECK(stage.count(KeyKind::Bucket) == 0);
    }
}

TEST_CASE("keeper: above its bytes the oldest go, and a new start goes on counting where the last one was") {
    Stage stage(100'000);
    auto keeper = std::make_unique<HistoryKeeper>(stage.store, stage.rules);
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 1'000; ++i)
            stage.record(kNow + round * 1'000 + i, std::string(50, 'x'));
        const int64_t now_ms = kNow + round * 1'000 + 20'000;
        run_to_end(*keeper, now_ms);
        CHECK(stage.bytes() <= 100'000);
        CHECK(stage.bytes() > (round == 0 ? 76'000 : 99'000));
        if (round % 3 == 0) keeper = std::make_unique<HistoryKeeper>(stage.store, stage.rules);
    }
}

TEST_CASE("keeper: a limit that comes later counts what is there") {
    Stage stage(0);
    for (int i = 0; i < 12'000; ++i)
        stage.record(kNow + i, std::string(50, 'x'));
    HistoryKeeper before(stage.store, stage.rules);
    run_to_end(before, kNow + 30'000);
    CHECK(stage.count(KeyKind::Message) == 12'000);
    stage.rules[0].max_bytes = 10'000;
    HistoryKeeper after(stage.store, stage.rules);
    run_to_end(after, kNow + 30'000);
    CHECK(stage.bytes() <= 10'000);
    CHECK(stage.bytes() > 9'000);
}

TEST_CASE("keeper: what a rule kept that is gone runs out all the same") {
    Stage stage(0);
    stage.record(kNow, "1");
    {
        HistoryKeeper keeper(stage.store, stage.rules);
        run_to_end(keeper, kNow);
    }
    HistoryKeeper keeper(stage.store, {});
    run_to_end(keeper, kNow + 9 * kHour);
    CHECK(stage.count(KeyKind::Message) == 1);
    run_to_end(keeper, kNow + 11 * kHour);
    CHECK(stage.count(KeyKind::Message) == 0);
}

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
// What a crash leaves of the store on disk: exactly what the names of the durabilities promise.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include "broker/base/random.h"
#include "storage/memory_store.h"
#include "storage/rocksdb_store.h"
#include "storage/rocksdb_store_testing.h"
#include "test/unit/storage/content.h"
#include "test/unit/storage/faulty_file_system.h"
#include "test/unit/temporary_folder.h"

namespace runnel::storage {
namespace {

using Tail = FaultyFileSystem::Tail;

// Small buffers, so that tables are written within a short run too.
constexpr RocksDbOptions kSmall{.write_buffer_bytes = 64 << 10};

// Numbered batches of random changes; the key "number" says which was the last.
class History {
public:
    explicit History(uint64_t seed) : random_(seed) {}

    // Applies one batch; what it was is remembered if it was applied.
    Outcome step(Store& store, Durability durability) {
        WriteBatch batch;
        batch.put("number", std::to_string(batches_.size() + 1));
        for (uint64_t left = random_.below(20); left != 0; --left) {
            const std::string key = "k" + std::to_string(random_.below(60));
            if (random_.below(4) == 0) {
                batch.erase(key);
            } else {
                batch.put(key, std::string(random_.below(500), static_cast<char>('a' + random_.below(26))));
            }
        }
        Outcome outcome = store.apply(batch, durability);
        if (outcome) batches_.push_back(std::move(batch));
        return outcome;
    }
    size_t size() const { return batches_.size(); }
    // What the store holds after so many batches.
    std::string content_after(size_t count) const {
        MemoryStore store;
        for (size_t i = 0; i < count; ++i)
            CHECK(store.apply(batches_[i], Durability::Synced));
        return content_of(store);
    }
    Random& random() { return random_; }

private:
    Random random_;
    std::vector<WriteBatch> batches_;
};

// How many batches the store holds; they have to be the first ones.
size_t batches_in(Store& store, const History& history) {
    std::string number;
    bool found = false;
    REQUIRE(store.get("number", number, found));
    const size_t count = found ? std::stoul(number) : 0;
    REQUIRE(count <= history.size());
    CHECK(content_of(store) == history.content_after(count));
    return count;
}

std::unique_ptr<Store> reopen(const std::string& path) {
    // One that is in order, and quick, for it syncs nothing.
    OpenedStore opened = open_rocksdb_on(path, kSmall, std::make_shared<FaultyFileSystem>());
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    return std::move(opened.store);
}

struct Life {
    std::shared_ptr<FaultyFileSystem> disk = std::make_shared<FaultyFileSystem>();
    std::unique_ptr<Store> store;

    explicit Life(const std::string& path) {
        OpenedStore opened = open_rocksdb_on(path, kSmall, disk);
        REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
        store = std::move(opened.store);
    }
    // The process dies.
    void end() {
        disk->freeze();
        // Else the store would try to empty its log; RocksDB waits a second if that fails.
        CHECK_FALSE(store->apply(puts({{"number", "none"}}), Durability::Synced));
        store.reset();
    }
};

// Several lives of one store, each ended by a loss of power. How many batches were lost that had been written only.
size_t lose_power_again_and_again(uint64_t seed, Tail tail) {
    CAPTURE(seed);
    const TemporaryFolder folder(TemporaryFolder::memory());
    History history(seed);
    size_t lost = 0;
    for (int life = 0; life < 4; ++life) {
        size_t synced = 0;
        Life now(folder.path("store"));
        for (uint64_t left = history.random().below(60); left != 0; --left) {
            const bool is_synced = history.random().below(5) == 0;
            REQUIRE(history.step(*now.store, is_synced ? Durability::Synced : Durability::Written));
            if (is_synced) synced = history.size();
        }
        now.end();
        now.disk->lose_power(tail, history.random());
        const auto store = reopen(folder.path("store"));
        const size_t left = batches_in(*store, history);
        CHECK(left >= synced);
        lost += history.size() - left;
        if (left != history.size()) return lost;
    }
    return lost;
}

TEST_CASE("power: synced batches survive, written ones may be lost, and never one without those after it") {
    for (const Tail tail : {Tail::Dropped, Tail::Torn, Tail::Zeroed, Tail::Garbled}) {
        CAPTURE(static_cast<int>(tail));
        size_t lost = 0;
        for (uint64_t seed = 1; seed <= 10; ++seed)
            lost += lose_power_again_and_again(seed, tail);
        CHECK(lost > 0);  // Else the test would not test anything.
    }
}

TEST_CASE("power: sync() makes durable what was written") {
    const TemporaryFolder folder(TemporaryFolder::memory());
    History history(3);
    Life life(folder.path("store"));
    for (int i = 0; i < 10; ++i)
        REQUIRE(history.step(*life.store, Durability::Written));
    CHECK(life.store->sync());
    life.end();
    life.disk->lose_power(Tail::Dropped, history.random());
    CHECK(batches_in(*reopen(folder.path("store")), history) == 10);
}

TEST_CASE("the process dies: what was written survives, what was in memory need not") {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        const TemporaryFolder folder(TemporaryFolder::memory());
        History history(seed);
        Life life(folder.path("store"));
        for (uint64_t left = history.random().below(200); left != 0; --left)
            REQUIRE(history.step(*life.store, Durability::Written));
        CHECK(life.store->apply(puts({{"memory", "1"}}), Durability::Memory));
        life.end();
        const auto store = reopen(folder.path("store"));
        CHECK(batches_in(*store, history) == history.size());
    }
}

TEST_CASE("an orderly stop keeps what was in memory, and leaves nothing in the log") {
    const TemporaryFolder folder(TemporaryFolder::memory());
    CHECK(reopen(folder.path("store"))->apply(puts({{"memory", "1"}}), Durability::Memory));
    CHECK(content_of(*reopen(folder.path("store"))) == "memory=1");
}

TEST_CASE("the twin in memory forgets the same") {
    MemoryStore store(MemoryStore::Remember::Crashes);
    CHECK(store.apply(puts({{"a", "1"}}), Durability::Synced));
    CHECK(store.apply(puts({{"a", "2"}, {"b", "2"}}), Durability::Written));
    CHECK(store.apply(puts({{"c", "3"}}), Durability::Written));
    CHECK(store.apply(puts({{"d", "4"}}), Durability::Memory));
    CHECK(store.unsynced_batches() == 2);
    SUBCASE("the process dies") {
        store.forget(Durability::Written);
        CHECK(content_of(store) == "a=2 b=2 c=3");
    }
    SUBCASE("the power goes") {
        store.forget_unsynced();
        CHECK(content_of(store) == "a=1");
        CHECK(store.unsynced_batches() == 0);
    }
    SUBCASE("the power goes, and some had reached the disk") {
        store.forget(Durability::Synced, 1);
        CHECK(content_of(store) == "a=2 b=2");
    }
    SUBCASE("the power goes after a sync") {
        CHECK(store.sync());
        store.forget_unsynced();
        CHECK(content_of(store) == "a=2 b=2 c=3");
    }
    SUBCASE("the power goes after a synced batch") {
        CHECK(store.apply(puts({{"e", "5"}}), Durability::Synced));
        store.forget_unsynced();
        CHECK(content_of(store) == "a=2 b=2 c=3 e=5");
    }
    SUBCASE("the power goes after a flush") {
        CHECK(store.flush());
        store.forget_unsynced();
        CHECK(content_of(store) == "a=2 b=2 c=3 d=4");
    }
    CHECK(store.apply(puts({{"z", "9"}}), Durability::Synced));
    CHECK(content_of(store, "z") == "z=9");
}

// A disk that fails for a while, at some moment of a run; then power is lost. Batches that failed are tried again, as
// the store thread does it.
enum class Trouble { Full, SyncFails, AppendFails };

void fail_and_recover(uint64_t seed, Trouble trouble) {
    CAPTURE(seed);
    const TemporaryFolder folder(TemporaryFolder::memory());
    History history(seed);
    Life life(folder.path("store"));
    const uint64_t moment = history.random().below(50);
    for (uint64_t i = 0; i < 100; ++i) {
        if (i == moment && trouble == Trouble::Full) life.disk->fill_after(history.random().below(20000));
        if (i == moment && trouble == Trouble::SyncFails) life.disk->fail_syncs();
        if (i == moment && trouble == Trouble::AppendFails) life.disk->fail_appends();
        int attempts = 0;
        for (Outcome outcome = history.step(*life.store, Durability::Synced); !outcome && attempts < 10; ++attempts) {
            const auto expected = trouble == Trouble::Full ? Outcome::Kind::DiskFull : Outcome::Kind::IoError;
            CHECK_MESSAGE(outcome.kind() == expected, outcome.text());
            CHECK_MESSAGE(outcome.text().find(folder.path("store")) != std::string::npos, outcome.text());
            if (attempts == 2) life.disk->heal();
            outcome = history.step(*life.store, Durability::Synced);
        }
        REQUIRE(attempts < 10);
    }
    CHECK(life.disk->failures() > 0);
    CHECK(batches_in(*life.store, history) == history.size());
    life.end();
    life.disk->lose_power(Tail::Dropped, history.random());
    CHECK(batches_in(*reopen(folder.path("store")), history) == history.size());
}

TEST_CASE("a disk that fails and recovers loses nothing that was acknowledged, and the store goes on") {
    for (const Trouble trouble : {Trouble::Full, Trouble::SyncFails, Trouble::AppendFails}) {
        CAPTURE(static_cast<int>(trouble));
        for (uint64_t seed = 1; seed <= 5; ++seed)
            fail_and_recover(seed, trouble);
    }
}

TEST_CASE("what is stored can be read while the disk is full") {
    const TemporaryFolder folder(TemporaryFolder::memory());
    Life life(folder.path("store"));
    CHECK(life.store->apply(puts({{"a", "1"}}), Durability::Synced));
    life.disk->fill_after(0);
    CHECK(life.store->apply(puts({{"b", "2"}}), Durability::Synced).kind() == Outcome::Kind::DiskFull);
    CHECK(life.store->apply(puts({{"b", "2"}}), Durability::Synced).kind() == Outcome::Kind::DiskFull);
    CHECK(content_of(*life.store) == "a=1");
    life.disk->heal();
    CHECK(life.store->apply(puts({{"b", "2"}}), Durability::Synced));
    CHECK(content_of(*life.store) == "a=1 b=2");
}

}  // namespace
}  // namespace runnel::storage

// SPDX-License-Identifier: Apache-2.0
// What every store promises, held against the one on disk and its twin in memory.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include "broker/base/random.h"
#include "storage/memory_store.h"
#include "storage/rocksdb_store.h"
#include "test/unit/storage/content.h"
#include "test/unit/temporary_folder.h"

namespace runnel::storage {
namespace {

struct Subject {
    const char* name;
    std::function<std::unique_ptr<Store>(const TemporaryFolder&)> open;
};

std::unique_ptr<Store> open_on_disk(const TemporaryFolder& folder) {
    OpenedStore opened = open_rocksdb(folder.path("store"), {.write_buffer_bytes = 64 << 10});
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    return std::move(opened.store);
}

const Subject kSubjects[] = {
    {"memory", [](const TemporaryFolder&) { return std::make_unique<MemoryStore>(); }},
    {"memory that remembers",
     [](const TemporaryFolder&) { return std::make_unique<MemoryStore>(MemoryStore::Remember::Crashes); }},
    {"rocksdb", open_on_disk},
};

void for_each_store(const std::function<void(Store&)>& test) {
    for (const Subject& subject : kSubjects) {
        CAPTURE(subject.name);
        const TemporaryFolder folder(TemporaryFolder::memory());
        test(*subject.open(folder));
    }
}

TEST_CASE("what was put is found, ordered by its unsigned bytes") {
    for_each_store([](Store& store) {
        CHECK(store.apply(puts({{"b", "2"}, {"\xff", "4"}, {"a", "1"}, {"c", "3"}}), Durability::Synced));
        CHECK(content_of(store) == "a=1 b=2 c=3 \xff=4");
        std::string value;
        bool found = false;
        CHECK(store.get("b", value, found));
        CHECK(found);
        CHECK(value == "2");
        CHECK(store.get("bb", value, found));
        CHECK_FALSE(found);
    });
}

TEST_CASE("keys and values may hold any byte, and be empty") {
    for_each_store([](Store& store) {
        const std::string zero("\0", 1);
        CHECK(store.apply(puts({{"", "empty"}, {zero, zero}, {zero + zero, ""}}), Durability::Written));
        std::string value;
        bool found = false;
        CHECK(store.get("", value, found));
        CHECK(value == "empty");
        CHECK(store.get(zero, value, found));
        CHECK(value == zero);
        CHECK(store.get(zero + zero, value, found));
        CHECK(found);
        CHECK(value.empty());
    });
}

TEST_CASE("changes of a batch take effect in their order") {
    for_each_store([](Store& store) {
        WriteBatch batch = puts({{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}});
        batch.erase_range("b", "d");
        batch.put("c", "2");
        batch.erase("a");
        batch.put("d", "2");
        batch.erase("nothing");
        CHECK(store.apply(batch, Durability::Memory));
        CHECK(content_of(store) == "c=2 d=2");
    });
}

TEST_CASE("a scan keeps to its range, in both directions") {
    for_each_store([](Store& store) {
        CHECK(store.apply(puts({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}), Durability::Synced));
        CHECK(content_of(store, "b", "d") == "b=2 c=3");
        CHECK(content_of(store, "b") == "b=2 c=3 d=4");
        CHECK(content_of(store, "", "b") == "a=1");
        CHECK(content_of(store, "b", "d", true) == "c=3 b=2");
        CHECK(content_of(store, "bb", "", true) == "d=4 c=3");
        CHECK(content_of(store, "", "", true) == "d=4 c=3 b=2 a=1");
        CHECK(content_of(store, "d", "b").empty());
        CHECK(content_of(store, "e").empty());
        CHECK(content_of(store, "", "a", true).empty());
    });
}

TEST_CASE("a scan sees the moment in which it began") {
    for_each_store([](Store& store) {
        CHECK(store.apply(puts({{"a", "1"}, {"b", "1"}, {"c", "1"}}), Durability::Synced));
        const auto early = store.scan("", "");
        WriteBatch batch = puts({{"b", "2"}, {"bb", "2"}});
        batch.erase("c");
        CHECK(store.apply(batch, Durability::Synced));
        const auto late = store.scan("", "", true);
        CHECK(store.apply(puts({{"a", "3"}, {"b", "3"}, {"bb", "3"}, {"c", "3"}}), Durability::Synced));

        std::string seen;
        for (; early->valid(); early->next())
            seen.append(early->key()).append("=").append(early->value()).append(" ");
        CHECK(seen == "a=1 b=1 c=1 ");
        seen.clear();
        for (; late->valid(); late->next())
            seen.append(late->key()).append("=").append(late->value()).append(" ");
        CHECK(seen == "bb=2 b=2 a=1 ");
        CHECK(content_of(store) == "a=3 b=3 bb=3 c=3");
    });
}

// Draws changes and applies them to the store and to a map.
class RandomChanges {
public:
    explicit RandomChanges(uint64_t seed) : random_(seed) {}

    void apply_to(Store& store) {
        WriteBatch batch;
        for (uint64_t left = 1 + random_.below(8); left != 0; --left)
            add(batch);
        const auto durability = static_cast<Durability>(random_.below(3));
        REQUIRE(store.apply(batch, durability));
    }
    std::string expected() const {
        std::string text;
        for (const auto& [key, value] : map_)
            text += (text.empty() ? "" : " ") + key + "=" + value;
        return text;
    }

private:
    std::string key() { return std::to_string(random_.below(200)); }
    void add(WriteBatch& batch) {
        const uint64_t what = random_.below(10);
        if (what < 6) {
            const std::string name = key();
            map_[name] = std::string(random_.below(300), 'v');
            batch.put(name, map_[name]);
        } else if (what < 9) {
            const std::string name = key();
            map_.erase(name);
            batch.erase(name);
        } else {
            auto [begin, end] = std::minmax({key(), key()});
            map_.erase(map_.lower_bound(begin), map_.lower_bound(end));
            batch.erase_range(begin, end);
        }
    }

    Random random_;
    std::map<std::string, std::string> map_;
};

TEST_CASE("a long run of random changes leaves what it leaves in a map") {
    for_each_store([](Store& store) {
        RandomChanges changes(17);
        for (int round = 0; round < 30; ++round) {
            const auto cursor = store.scan("", "");  // Makes the store keep what it would throw away.
            for (int i = 0; i < 40; ++i)
                changes.apply_to(store);
            CHECK(content_of(store) == changes.expected());
        }
        CHECK(store.flush());
        CHECK(store.compact_range("", ""));
        CHECK(content_of(store) == changes.expected());
    });
}

TEST_CASE("every store tells its size and its statistics") {
    for_each_store([](Store& store) {
        CHECK(store.apply(puts({{"key", std::string(3 << 20, 'v')}}), Durability::Synced));
        CHECK(store.size_bytes() >= 3u << 20);
        CHECK_FALSE(store.is_over_budget());
        CHECK(store.statistics().find("engine: ") == 0);
        CHECK(store.sync());
    });
}

}  // namespace
}  // namespace runnel::storage

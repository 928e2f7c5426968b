// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/slot_table.h"

#include <doctest/doctest.h>

#include <set>
#include <utility>
#include <vector>

#include "broker/base/random.h"

using namespace runnel;
using namespace runnel::routing;

namespace {

using Pairs = std::set<std::pair<uint32_t, uint32_t>>;

bool has(const IndexTable& table, uint32_t hash, uint32_t value) {
    return table.find(hash, [&](uint32_t candidate) { return candidate == value; }) == value;
}

// Few hashes, many at both ends: they collide, and are pushed over the end.
uint32_t crowded_hash(Random& random) {
    const auto near = static_cast<uint32_t>(random.below(6));
    switch (random.below(4)) {
        case 0: return near;
        case 1: return UINT32_MAX - near;
        default: return static_cast<uint32_t>(random.next());
    }
}

}  // namespace

TEST_CASE("a slot table holds what a set of pairs holds") {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        INFO("seed ", seed);
        Random random(seed);
        IndexTable table;
        Pairs pairs;
        for (uint32_t step = 0; step < 20000; ++step) {
            const bool grows = step % 10000 < 5000;
            if (pairs.empty() || random.below(10) < (grows ? 7 : 3)) {
                const uint32_t hash = crowded_hash(random);
                table.insert(hash, step);
                pairs.emplace(hash, step);
            } else {
                auto chosen = pairs.lower_bound({crowded_hash(random), 0});
                if (chosen == pairs.end()) chosen = pairs.begin();
                REQUIRE(has(table, chosen->first, chosen->second));
                REQUIRE_FALSE(has(table, chosen->first + 1, chosen->second));
                REQUIRE(table.erase(chosen->first, chosen->second));
                REQUIRE_FALSE(table.erase(chosen->first, chosen->second));
                pairs.erase(chosen);
            }
            REQUIRE(table.count() == pairs.size());
        }
        for (const auto& [hash, value] : pairs)
            REQUIRE(has(table, hash, value));
        while (!pairs.empty()) {
            REQUIRE(table.erase(pairs.begin()->first, pairs.begin()->second));
            pairs.erase(pairs.begin());
        }
        CHECK(table.memory_bytes() < 1000);
    }
}

TEST_CASE("a slot table finds nothing when it is empty") {
    IndexTable table;
    CHECK(table.value_of(0) == kNone);
    CHECK(table.value_of(UINT32_MAX) == kNone);
    CHECK_FALSE(table.erase(1, 1));
    table.insert(5, 1);
    CHECK(table.value_of(UINT32_MAX) == kNone);
    CHECK(table.value_of(5) == 1);
}

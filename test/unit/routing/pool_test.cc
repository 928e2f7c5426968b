// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/pool.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "broker/base/random.h"

using namespace runnel;
using namespace runnel::routing;

TEST_CASE("a pool gives the lowest free number, with its default value") {
    Pool<int> pool;
    for (uint32_t i = 0; i < 5000; ++i) {
        CHECK(pool.take() == i);
        pool[i] = 1;
    }
    for (const uint32_t i : {4000u, 17u, 1500u})
        pool.give_back(i);
    CHECK_FALSE(pool.contains(17));
    CHECK(pool.contains(18));
    for (const uint32_t i : {17u, 1500u, 4000u, 5000u}) {
        CHECK(pool.take() == i);
        CHECK(pool[i] == 0);
    }
    CHECK(pool.count() == 5001);
    CHECK_FALSE(pool.contains(5001));
    CHECK_FALSE(pool.contains(UINT32_MAX));
}

TEST_CASE("a pool gives empty chunks back to the heap, all but one") {
    Pool<uint64_t> pool;
    for (uint32_t i = 0; i < 100000; ++i)
        pool.take();
    const size_t full = pool.memory_bytes();
    for (uint32_t i = 0; i < 100000; ++i)
        pool.give_back(i);
    CHECK(pool.memory_bytes() < full / 20);
    CHECK(pool.count() == 0);
}

TEST_CASE("random numbers taken and given back keep what was put there") {
    Random random(1);
    Pool<uint32_t> pool;
    std::vector<uint32_t> taken;
    for (uint32_t step = 0; step < 100000; ++step) {
        if (taken.empty() || random.below(100) < (step % 40000 < 20000 ? 60u : 35u)) {
            const uint32_t number = pool.take();
            REQUIRE(pool[number] == 0);
            pool[number] = ~number;
            taken.push_back(number);
        } else {
            std::swap(taken[random.below(taken.size())], taken.back());
            REQUIRE(pool[taken.back()] == ~taken.back());
            pool.give_back(taken.back());
            taken.pop_back();
        }
        REQUIRE(pool.count() == taken.size());
    }
}

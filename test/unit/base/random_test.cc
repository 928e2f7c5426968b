// SPDX-License-Identifier: Apache-2.0
#include "broker/base/random.h"

#include <doctest/doctest.h>

namespace runnel {
namespace {

TEST_CASE("The same seed gives the same numbers, another seed others") {
    Random one(42), same(42), other(43);
    int equal = 0;
    for (int i = 0; i < 1000; ++i) {
        const uint64_t number = one.next();
        REQUIRE(same.next() == number);
        equal += other.next() == number ? 1 : 0;
    }
    CHECK(equal == 0);
}

TEST_CASE("below() keeps its limit and reaches every number about equally often") {
    Random random(1);
    int counts[7] = {};
    for (int i = 0; i < 70'000; ++i) {
        const uint64_t number = random.below(7);
        REQUIRE(number < 7);
        ++counts[number];
    }
    for (const int count : counts) {
        CHECK(count > 9'500);
        CHECK(count < 10'500);
    }
    for (int i = 0; i < 100; ++i)
        CHECK(random.below(1) == 0);
    CHECK(random.below(UINT64_MAX) < UINT64_MAX);
}

}  // namespace
}  // namespace runnel

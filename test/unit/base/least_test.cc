// SPDX-License-Identifier: Apache-2.0
#include "broker/base/least.h"

#include <doctest/doctest.h>

#include <functional>

namespace {

using namespace runnel;

std::vector<int> least_of(size_t count, std::initializer_list<int> shown) {
    Least<int, std::identity> least(count);
    for (const int value : shown)
        if (least.wants(value)) least.add(value);
    return least.take();
}

TEST_CASE("the few least of many, in order") {
    CHECK(least_of(3, {5, 1, 4, 9, 2, 8}) == std::vector{1, 2, 4});
    CHECK(least_of(3, {2, 1}) == std::vector{1, 2});
    CHECK(least_of(2, {1, 1, 1}) == std::vector{1, 1});
    CHECK(least_of(1, {3, 2, 1}) == std::vector{1});
    CHECK(least_of(0, {1}).empty());
    CHECK(least_of(4, {}).empty());
}

TEST_CASE("what is greater than all that are kept is not wanted") {
    Least<int, std::identity> least(2);
    least.add(5);
    CHECK(least.wants(9));
    least.add(7);
    CHECK_FALSE(least.wants(9));
    CHECK_FALSE(least.wants(7));
    CHECK(least.wants(6));
}

}  // namespace

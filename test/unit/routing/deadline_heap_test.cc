// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/deadline_heap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "broker/base/random.h"

using namespace runnel;
using namespace runnel::routing;

TEST_CASE("the first of a deadline heap is always the earliest of those that are left") {
    Random random(1);
    DeadlineHeap heap;
    std::map<uint32_t, int64_t> deadlines;
    for (int step = 0; step < 20000; ++step) {
        const auto element = static_cast<uint32_t>(random.below(300));
        if (deadlines.erase(element) == 1) {
            heap.remove(element);
        } else {
            deadlines[element] = static_cast<int64_t>(random.below(50));
            heap.add(element, deadlines[element]);
        }
        REQUIRE(heap.count() == deadlines.size());
        if (deadlines.empty()) continue;
        int64_t earliest = INT64_MAX;
        for (const auto& [number, deadline] : deadlines)
            earliest = std::min(earliest, deadline);
        REQUIRE(heap.first_deadline() == earliest);
        REQUIRE(deadlines.at(heap.first()) == earliest);
    }
}

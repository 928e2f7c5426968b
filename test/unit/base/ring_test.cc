// SPDX-License-Identifier: Apache-2.0
#include "broker/base/ring.h"

#include <deque>
#include <memory>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel {
namespace {

TEST_CASE("A Ring gives back what was pushed, first in, first out, across many turns of its block") {
    Ring<int> ring;
    int pushed = 0, popped = 0;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 3; ++i)
            ring.push_back(pushed++);
        CHECK(ring.back() == pushed - 1);
        for (int i = 0; i < 3; ++i)
            CHECK(ring.pop_front() == popped++);
    }
    CHECK(ring.empty());
}

TEST_CASE("A Ring that grows while it has turned keeps its order and its index") {
    Ring<int> ring;
    for (int i = 0; i < 3; ++i)
        ring.push_back(-1);
    for (int i = 0; i < 3; ++i)
        ring.pop_front();
    for (int i = 0; i < 1000; ++i)
        ring.push_back(i);
    REQUIRE(ring.size() == 1000);
    for (size_t i = 0; i < 1000; ++i)
        CHECK(ring[i] == static_cast<int>(i));
    CHECK(ring.front() == 0);
    CHECK(ring.back() == 999);
}

TEST_CASE("A Ring lets go of a value when it is popped, not when its slot is used again") {
    Ring<std::shared_ptr<int>> ring;
    auto value = std::make_shared<int>(1);
    ring.push_back(value);
    ring.push_back(std::make_shared<int>(2));
    ring.pop_front();
    CHECK(value.use_count() == 1);
    ring.clear();
    CHECK(ring.empty());
}

TEST_CASE("A Ring behaves like a deque, whatever is done to it") {
    Random random(7);
    Ring<uint64_t> ring;
    std::deque<uint64_t> model;
    for (int step = 0; step < 20'000; ++step) {
        const bool grows = random.below(100) < (step / 1000 % 2 == 0 ? 70u : 30u);
        if (grows) {
            const uint64_t value = random.next();
            ring.push_back(value);
            model.push_back(value);
        } else if (!model.empty()) {
            REQUIRE(ring.pop_front() == model.front());
            model.pop_front();
        }
        REQUIRE(ring.size() == model.size());
        if (model.empty()) continue;
        const size_t index = random.below(model.size());
        REQUIRE(ring[index] == model[index]);
        REQUIRE(ring.front() == model.front());
        REQUIRE(ring.back() == model.back());
    }
}

}  // namespace
}  // namespace runnel

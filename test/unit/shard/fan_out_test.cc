// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/fan_out.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace runnel::shard {
namespace {

// Fills a place as the shard does.
FanOut& fill(FanOutCache& cache, const std::string& topic, uint64_t generation, size_t targets) {
    FanOut& place = cache.place_of(topic);
    const size_t before = place.targets.capacity();
    place.topic = topic;
    place.generation = generation;
    place.targets.clear();
    place.targets.resize(targets);
    cache.filled(place, before);
    return place;
}

TEST_CASE("A topic has one place, and what was filled in stays there") {
    FanOutCache cache(1);
    fill(cache, "a/b", 7, 3);
    const FanOut& found = cache.place_of("a/b");
    CHECK(found.topic == "a/b");
    CHECK(found.generation == 7);
    CHECK(found.targets.size() == 3);
}

TEST_CASE("A place is another topic's or fresh until it is filled: generation 0 is never valid") {
    FanOutCache cache(1);
    CHECK(cache.place_of("new").generation == 0);
    CHECK(cache.place_of("new").empty());
}

TEST_CASE("Many topics share a bounded number of places") {
    FanOutCache cache(1);
    std::set<const FanOut*> places;
    for (int i = 0; i < 100'000; ++i)
        places.insert(&cache.place_of(std::to_string(i)));
    CHECK(places.size() > 1000);
    CHECK(places.size() <= 4096);
}

TEST_CASE("Large fan-outs do not pile up: the others make room, the newest stays") {
    FanOutCache cache(1);
    for (int i = 0; i < 3000; ++i) {
        const std::string topic = "topic/" + std::to_string(i);
        CHECK(fill(cache, topic, 1, 1000).targets.size() == 1000);
        CHECK(cache.place_of(topic).targets.size() == 1000);
    }
    size_t kept = 0;
    std::set<const FanOut*> seen;
    for (int i = 0; i < 3000; ++i) {
        const FanOut& place = cache.place_of("topic/" + std::to_string(i));
        if (seen.insert(&place).second) kept += place.targets.capacity();
    }
    CHECK(kept <= 256 * 1024);
    CHECK(kept > 0);
}

TEST_CASE("A fan-out is empty when nobody at all wants the topic") {
    FanOut fan_out;
    CHECK(fan_out.empty());
    fan_out.peers = 2;
    CHECK_FALSE(fan_out.empty());
    fan_out.peers = 0;
    fan_out.groups.push_back(0);
    CHECK_FALSE(fan_out.empty());
}

}  // namespace
}  // namespace runnel::shard

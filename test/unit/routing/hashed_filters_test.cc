// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/hashed_filters.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "broker/mqtt/topic.h"
#include "test/unit/routing/random_topics.h"

using namespace runnel;
using namespace runnel::routing;

namespace {

std::string plus_at(unsigned pattern) {
    std::string filter = "a";
    for (unsigned level = 0; level < 6; ++level)
        filter += (pattern >> level & 1) != 0 ? "/+" : "/a";
    return filter;
}

std::vector<uint32_t> matches_in(const HashedFilters& filters, std::string_view topic) {
    std::vector<uint32_t> found;
    filters.match(
        topic, [](uint32_t) {}, [&](uint32_t first) { found.push_back(first); });
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace

TEST_CASE("filters of many shapes are left to others, until a shape is free") {
    HashedFilters filters(0x5eed);
    std::vector<uint32_t> numbers;
    for (unsigned pattern = 1; pattern <= HashedFilters::kShapesMax; ++pattern) {
        numbers.push_back(filters.add(plus_at(pattern)));
        REQUIRE(numbers.back() != kNone);
    }
    CHECK(filters.add(plus_at(40)) == kNone);
    CHECK(filters.find(plus_at(40)) == kNone);
    CHECK(filters.add("no wildcard") != kNone);
    CHECK(filters.add("x" + plus_at(5)) != kNone);  // The shape of one that is there.
    filters.remove(numbers[10]);
    CHECK(filters.find(plus_at(11)) == kNone);
    CHECK(filters.add(plus_at(40)) != kNone);
    CHECK(filters.add(plus_at(11)) == kNone);
    CHECK(filters.find(plus_at(40)) != kNone);
}

TEST_CASE("a shape is kept while any filter has it") {
    HashedFilters filters(0x5eed);
    const uint32_t one = filters.add("one/+");
    const uint32_t two = filters.add("two/+");
    filters.first_of(two) = 2;
    filters.remove(one);
    CHECK(matches_in(filters, "two/x") == std::vector<uint32_t>{2});
    CHECK(matches_in(filters, "one/x").empty());
}

TEST_CASE("wildcards behind 64 levels are left to others") {
    HashedFilters filters(0x5eed);
    const std::string levels63(62, '/');
    const std::string levels64(63, '/');
    const std::string levels65(64, '/');
    CHECK(filters.add("x" + levels63 + "/+") != kNone);
    CHECK(filters.add("x" + levels64 + "/+") == kNone);
    CHECK(filters.add(levels65) != kNone);
    const uint32_t below = filters.add(levels64 + "/#");
    REQUIRE(below != kNone);
    filters.first_of(below) = 7;
    CHECK(matches_in(filters, levels64) == std::vector<uint32_t>{7});
    CHECK(matches_in(filters, levels64 + "/" + levels65) == std::vector<uint32_t>{7});
    CHECK(matches_in(filters, "x" + levels65).empty());
}

TEST_CASE("random hashed filters match what mqtt::matches says") {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed ", seed);
        Random random(seed);
        HashedFilters filters(random.next());
        std::map<std::string, uint32_t> kept;  // By filter: its number.
        uint32_t refused = 0;
        for (int step = 0; step < 2000; ++step) {
            const std::string filter = random_filter(random);
            if (const auto found = kept.find(filter); found != kept.end()) {
                REQUIRE(filters.find(filter) == found->second);
                REQUIRE(filters.text_of(found->second) == filter);
                filters.remove(found->second);
                kept.erase(found);
            } else if (const uint32_t number = filters.add(filter); number != kNone) {
                kept[filter] = filters.first_of(number) = number;
            } else {
                ++refused;
            }
            const std::string topic = random_topic(random);
            std::vector<uint32_t> expected;
            for (const auto& [text, number] : kept) {
                if (mqtt::matches(text, topic)) expected.push_back(number);
            }
            std::sort(expected.begin(), expected.end());
            INFO(topic);
            REQUIRE(matches_in(filters, topic) == expected);
        }
        CHECK(refused > 0);
    }
}

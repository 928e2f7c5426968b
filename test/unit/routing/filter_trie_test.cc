// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/filter_trie.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "broker/mqtt/topic.h"
#include "test/unit/routing/random_topics.h"

using namespace runnel;
using namespace runnel::routing;

TEST_CASE("random filters in a trie match what mqtt::matches says, and leave nothing behind") {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed ", seed);
        Random random(seed);
        FilterTrie trie(random.next());
        std::map<std::string, uint32_t> kept;
        const auto remove = [&](const std::string& filter) {
            const auto place = trie.find(filter);
            REQUIRE(place);
            REQUIRE(trie.first_of(*place) == kept.at(filter));
            std::string text;
            trie.write_text(*place, text);
            REQUIRE(text == filter);
            trie.first_of(*place) = kNone;
            trie.remove(*place);
            kept.erase(filter);
        };
        for (uint32_t step = 0; step < 3000; ++step) {
            const std::string filter = random_filter(random);
            if (kept.contains(filter)) {
                remove(filter);
            } else {
                kept[filter] = step;
                trie.first_of(trie.add(filter)) = step;
            }
            const std::string topic = random_topic(random);
            std::vector<uint32_t> expected;
            for (const auto& [text, first] : kept) {
                if (mqtt::matches(text, topic)) expected.push_back(first);
            }
            std::vector<uint32_t> found;
            trie.match(topic, found);
            std::sort(expected.begin(), expected.end());
            std::sort(found.begin(), found.end());
            INFO(topic);
            REQUIRE(found == expected);
        }
        CHECK_FALSE(trie.empty());
        while (!kept.empty())
            remove(std::string(kept.begin()->first));
        CHECK(trie.empty());
        CHECK_FALSE(trie.find("a"));
    }
}

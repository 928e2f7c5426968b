// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/peer_interest.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "broker/mqtt/topic.h"
#include "test/unit/routing/random_topics.h"

using namespace runnel;
using namespace runnel::routing;

namespace {

constexpr uint64_t kSeed = 0x1357;

// Which of one peer's filters reach `topic`.
bool reaches(std::string_view filter, std::string_view topic) {
    PeerInterest interest(kSeed);
    interest.announced(0, interest_key_of(filter, kSeed));
    return interest.peers_for(topic) != 0;
}

}  // namespace

TEST_CASE("interest follows the literal levels in front of the first wildcard") {
    CHECK(reaches("a/b", "a/b"));
    CHECK_FALSE(reaches("a/b", "a/c"));
    CHECK_FALSE(reaches("a/b", "a/b/c"));
    CHECK(reaches("a/+", "a/b"));
    CHECK_FALSE(reaches("a/+", "b/b"));
    CHECK(reaches("a/b/#", "a/b"));
    CHECK(reaches("a/b/#", "a/b/c/d"));
    CHECK_FALSE(reaches("a/b/#", "a/c"));
    CHECK(reaches("#", "a"));
    CHECK(reaches("+/x", "/x"));
    CHECK(reaches("/+", "/x"));
    CHECK_FALSE(reaches("/+", "x/"));
}

TEST_CASE("wildcards at the front do not reach $-topics") {
    CHECK_FALSE(reaches("#", "$SYS/uptime"));
    CHECK_FALSE(reaches("+/uptime", "$SYS/uptime"));
    CHECK(reaches("$SYS/#", "$SYS/uptime"));
    CHECK(reaches("$SYS/uptime", "$SYS/uptime"));
}

TEST_CASE("a filter that differs only by its wildcard's absence is another key") {
    CHECK_FALSE(interest_key_of("a/b", kSeed) == interest_key_of("a/b/#", kSeed));
    CHECK(interest_key_of("a/b/+", kSeed) == interest_key_of("a/b/#", kSeed));
    CHECK_FALSE(interest_key_of("a/b", kSeed) == interest_key_of("a/b", kSeed + 1));
}

TEST_CASE("more literal levels than are counted still reach") {
    std::string levels = "a";
    for (int i = 0; i < 200; ++i)
        levels += "/a";
    CHECK(reaches(levels + "/#", levels + "/x"));
    CHECK(reaches(levels + "/+", levels + "/x"));
    CHECK(reaches(levels, levels));
    CHECK_FALSE(reaches(levels + "/#", "b/" + levels));
    const std::string slashes(65535, '/');
    CHECK(reaches(slashes, slashes));
    CHECK(reaches(slashes.substr(1) + "#", slashes));
}

TEST_CASE("only the first subscription of a key is announced, only the last withdrawn") {
    LocalInterest interest(kSeed);
    const InterestKey key = interest_key_of("a/+", kSeed);
    CHECK(interest.add("a/+") == key);
    CHECK(interest.add("a/+") == std::nullopt);
    CHECK(interest.add("a/#") == std::nullopt);
    CHECK(interest.add("a") == interest_key_of("a", kSeed));
    CHECK(interest.remove("a/+") == std::nullopt);
    CHECK(interest.remove("a/#") == std::nullopt);
    CHECK(interest.remove("a/+") == key);
    CHECK(interest.add("a/+") == key);
}

TEST_CASE("announcing and withdrawing may be repeated") {
    PeerInterest interest(kSeed);
    const InterestKey key = interest_key_of("t", kSeed);
    CHECK(interest.empty());
    interest.withdrawn(3, key);
    CHECK(interest.empty());
    interest.announced(3, key);
    interest.announced(3, key);
    interest.announced(63, key);
    CHECK(interest.peers_for("t") == (PeerMask{1} << 3 | PeerMask{1} << 63));
    interest.withdrawn(3, key);
    interest.withdrawn(3, key);
    CHECK(interest.peers_for("t") == PeerMask{1} << 63);
    CHECK_FALSE(interest.empty());
    interest.withdrawn(63, key);
    CHECK(interest.empty());
    CHECK(interest.peers_for("t") == 0);
}

TEST_CASE("interest is never below what random subscriptions match, and ends with them") {
    constexpr unsigned kPeers = 3;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        INFO("seed ", seed);
        Random random(seed);
        PeerInterest known(kSeed);
        std::vector<LocalInterest> local(kPeers, LocalInterest(kSeed));
        std::vector<std::pair<unsigned, std::string>> subscriptions;
        const auto add = [&] {
            const auto peer = static_cast<unsigned>(random.below(kPeers));
            subscriptions.emplace_back(peer, random_filter(random));
            if (const auto key = local[peer].add(subscriptions.back().second)) known.announced(peer, *key);
        };
        const auto remove = [&] {
            std::swap(subscriptions[random.below(subscriptions.size())], subscriptions.back());
            const auto [peer, filter] = subscriptions.back();
            subscriptions.pop_back();
            if (const auto key = local[peer].remove(filter)) known.withdrawn(peer, *key);
        };
        for (int step = 0; step < 2000; ++step) {
            if (subscriptions.empty() || random.below(20) < (step % 400 < 200 ? 13 : 7))
                add();
            else
                remove();
            const std::string topic = random_topic(random);
            PeerMask needed = 0;
            for (const auto& [peer, filter] : subscriptions) {
                if (mqtt::matches(filter, topic)) needed |= PeerMask{1} << peer;
            }
            INFO(topic);
            REQUIRE((known.peers_for(topic) & needed) == needed);
        }
        while (!subscriptions.empty())
            remove();
        CHECK(known.empty());
    }
}

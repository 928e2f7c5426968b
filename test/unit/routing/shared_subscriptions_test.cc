// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/shared_subscriptions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace runnel;
using namespace runnel::routing;

namespace {

constexpr uint64_t kSeed = 0xcafe;
constexpr ShareStrategy kStrategies[] = {ShareStrategy::RoundRobin,    ShareStrategy::Random,
                                         ShareStrategy::LeastInflight, ShareStrategy::HashClient,
                                         ShareStrategy::HashTopic,     ShareStrategy::Sticky};

Member member(SubscriberId subscriber) {
    return {.peer = 1, .subscriber = subscriber};
}

MemberState connected(SubscriberId subscriber) {
    return {.member = member(subscriber), .options = {}, .connected = true};
}

MemberState disconnected(SubscriberId subscriber) {
    return {.member = member(subscriber), .options = {}, .connected = false};
}

// The group "g" with filter "t".
class OneGroup {
public:
    OneGroup(ShareStrategy strategy, SubscriberId members) : shared(kSeed, strategy) {
        for (SubscriberId subscriber = 0; subscriber < members; ++subscriber) {
            shared.join("g", "t", connected(subscriber));
        }
        group = *shared.find("g", "t");
    }

    SubscriberId pick(std::string_view publisher = "p", std::string_view topic = "t",
                      std::optional<Member> excluding = {}) {
        const std::optional<MemberState> picked = shared.pick(group, publisher, topic, random, excluding);
        REQUIRE(picked);
        return picked->member.subscriber;
    }

    std::map<SubscriberId, int> picks(int count) {
        std::map<SubscriberId, int> counts;
        for (int i = 0; i < count; ++i)
            ++counts[pick("p" + std::to_string(i), "t" + std::to_string(i))];
        return counts;
    }

    SharedSubscriptions shared;
    GroupId group = 0;
    Random random{7};
};

std::vector<std::string> groups_for(const SharedSubscriptions& shared, std::string_view topic) {
    std::vector<std::string> names;
    shared.match(topic, [&](GroupId group) {
        names.push_back(std::string(shared.share_name_of(group)) + " " + std::string(shared.filter_of(group)));
    });
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_CASE("a group stores as long as one of its members does") {
    SharedSubscriptions shared(kSeed, ShareStrategy::RoundRobin);
    MemberState stored = disconnected(2);
    stored.stored = true;
    CHECK_FALSE(shared.join("g", "t", connected(1)).storing_begins);
    const GroupId group = *shared.find("g", "t");
    CHECK_FALSE(shared.stores(group));
    CHECK(shared.join("g", "t", stored).storing_begins);
    CHECK_FALSE(shared.join("g", "t", stored).storing_begins);
    CHECK_FALSE(shared.join("g", "t", disconnected(2)).storing_begins);  // It stays what it was.
    CHECK(shared.stores(group));
    CHECK_FALSE(shared.leave("g", "t", member(1)).storing_ends);
    shared.join("g", "t", connected(1));
    CHECK(shared.leave("g", "t", member(2)).storing_ends);
    CHECK_FALSE(shared.stores(group));
    MemberState late = connected(1);
    late.stored = true;
    CHECK(shared.join("g", "t", late).storing_begins);
    CHECK(shared.leave("g", "t", member(1)).storing_ends);
    CHECK_FALSE(shared.stores(group));  // It has gone.
}

TEST_CASE("a group comes with its first member and goes with its last") {
    SharedSubscriptions shared(kSeed, ShareStrategy::RoundRobin);
    CHECK(shared.join("g", "a/+", connected(1)).group_begins);
    CHECK_FALSE(shared.join("g", "a/+", connected(2)).group_begins);
    CHECK_FALSE(shared.join("g", "a/+", disconnected(2)).group_begins);
    CHECK(shared.join("h", "a/+", connected(1)).group_begins);
    CHECK(shared.join("g", "a/b", connected(1)).group_begins);
    CHECK(shared.count() == 4);
    CHECK(shared.group_count() == 3);
    CHECK(groups_for(shared, "a/b") == std::vector<std::string>{"g a/+", "g a/b", "h a/+"});
    CHECK(groups_for(shared, "a/c") == std::vector<std::string>{"g a/+", "h a/+"});
    CHECK_FALSE(shared.leave("g", "a/+", member(1)).group_ends);
    CHECK_FALSE(shared.leave("g", "a/+", member(1)).group_ends);
    CHECK_FALSE(shared.leave("g", "nothing", member(1)).group_ends);
    CHECK(shared.leave("g", "a/+", member(2)).group_ends);
    CHECK_FALSE(shared.find("g", "a/+"));
    CHECK(groups_for(shared, "a/c") == std::vector<std::string>{"h a/+"});
    CHECK(shared.leave("g", "a/b", member(1)).group_ends);
    CHECK(shared.leave("h", "a/+", member(1)).group_ends);
    CHECK(shared.count() == 0);
    CHECK(shared.group_count() == 0);
}

TEST_CASE("the same subscriber number on two peers is two members") {
    SharedSubscriptions shared(kSeed, ShareStrategy::RoundRobin);
    MemberState other = connected(1);
    other.member.peer = 2;
    shared.join("g", "t", connected(1));
    shared.join("g", "t", other);
    CHECK(shared.count() == 2);
    CHECK_FALSE(shared.leave("g", "t", other.member).group_ends);
    CHECK(shared.leave("g", "t", member(1)).group_ends);
}

TEST_CASE("joining again replaces the options") {
    SharedSubscriptions shared(kSeed, ShareStrategy::RoundRobin);
    Random random(1);
    MemberState state = connected(1);
    state.sequence = 4;
    shared.join("g", "t", state);
    state.options.qos = mqtt::QoS::ExactlyOnce;
    state.subscription_identifier = 77;
    state.sequence = 9;
    CHECK_FALSE(shared.join("g", "t", state).group_begins);
    const auto picked = shared.pick(*shared.find("g", "t"), "p", "t", random);
    REQUIRE(picked);
    CHECK(picked->options.qos == mqtt::QoS::ExactlyOnce);
    CHECK(picked->subscription_identifier == 77);
    CHECK(picked->sequence == 4);
    CHECK(shared.count() == 1);
}

TEST_CASE("round robin gives each member its turn") {
    OneGroup group(ShareStrategy::RoundRobin, 3);
    CHECK(group.picks(300) == std::map<SubscriberId, int>{{0, 100}, {1, 100}, {2, 100}});
    const SubscriberId first = group.pick();
    const SubscriberId second = group.pick();
    const SubscriberId third = group.pick();
    CHECK(std::set<SubscriberId>{first, second, third}.size() == 3);
    CHECK(group.pick() == first);
}

TEST_CASE("random spreads over all members") {
    OneGroup group(ShareStrategy::Random, 4);
    for (const auto& [subscriber, count] : group.picks(4000)) {
        CHECK(count > 850);
        CHECK(count < 1150);
    }
}

TEST_CASE("least in flight goes to who has least, and in turn among equals") {
    OneGroup group(ShareStrategy::LeastInflight, 3);
    CHECK(group.picks(300) == std::map<SubscriberId, int>{{0, 100}, {1, 100}, {2, 100}});
    group.shared.add_inflight(group.group, member(0), 5);
    group.shared.add_inflight(group.group, member(1), 3);
    CHECK(group.pick() == 2);
    group.shared.add_inflight(group.group, member(2), 4);
    CHECK(group.pick() == 1);
    group.shared.add_inflight(group.group, member(1), 9);
    CHECK(group.pick() == 2);
    group.shared.add_inflight(group.group, member(0), -5);
    CHECK(group.pick() == 0);
    group.shared.add_inflight(group.group, member(0), -5);
    group.shared.add_inflight(group.group, member(0), 1);
    CHECK(group.pick() == 0);
    CHECK(group.pick("p", "t", member(0)) == 2);
}

TEST_CASE("least in flight is right for random changes of many members") {
    OneGroup group(ShareStrategy::LeastInflight, 40);
    std::map<SubscriberId, uint32_t> inflight;
    for (SubscriberId subscriber = 0; subscriber < 40; ++subscriber)
        inflight[subscriber] = 0;
    Random random(3);
    for (int step = 0; step < 5000; ++step) {
        const auto changed = static_cast<SubscriberId>(random.below(40));
        const auto change = static_cast<int32_t>(random.below(7)) - 3;
        group.shared.add_inflight(group.group, member(changed), change);
        inflight[changed] = static_cast<uint32_t>(std::max<int64_t>(0, int64_t{inflight[changed]} + change));
        const auto excluded = static_cast<SubscriberId>(random.below(40));
        uint32_t least = UINT32_MAX;
        for (const auto& [subscriber, count] : inflight) {
            if (subscriber != excluded) least = std::min(least, count);
        }
        const SubscriberId picked = group.pick("p", "t", member(excluded));
        REQUIRE(picked != excluded);
        REQUIRE(inflight[picked] == least);
    }
}

TEST_CASE("hashing keeps a publisher or a topic with its member") {
    OneGroup by_client(ShareStrategy::HashClient, 5);
    OneGroup by_topic(ShareStrategy::HashTopic, 5);
    for (int i = 0; i < 50; ++i) {
        const std::string name = "name" + std::to_string(i);
        const SubscriberId of_client = by_client.pick(name, "one topic");
        const SubscriberId of_topic = by_topic.pick("one client", name);
        CHECK(by_client.pick(name, "another topic") == of_client);
        CHECK(by_topic.pick("another client", name) == of_topic);
    }
    CHECK(by_client.picks(500).size() == 5);
    CHECK(by_topic.picks(500).size() == 5);
}

TEST_CASE("when a member goes, hashing moves little of what the others had") {
    OneGroup group(ShareStrategy::HashClient, 10);
    std::map<std::string, SubscriberId> before;
    for (int i = 0; i < 1000; ++i)
        before["p" + std::to_string(i)] = group.pick("p" + std::to_string(i));
    group.shared.leave("g", "t", member(3));
    int moved = 0;
    for (const auto& [publisher, subscriber] : before) {
        if (group.pick(publisher) != subscriber) ++moved;
    }
    CHECK(moved < 300);  // About a tenth was with the one that went, another with the one that took its place.
}

TEST_CASE("sticky stays with one member until it cannot take messages") {
    OneGroup group(ShareStrategy::Sticky, 3);
    const SubscriberId first = group.pick();
    CHECK(group.picks(20) == std::map<SubscriberId, int>{{first, 20}});
    const SubscriberId second = group.pick("p", "t", member(first));
    CHECK(second != first);
    CHECK(group.picks(20) == std::map<SubscriberId, int>{{second, 20}});
    group.shared.set_connected(member(second), false);
    const SubscriberId third = group.pick();
    CHECK(third != second);
    group.shared.set_connected(member(second), true);
    CHECK(group.picks(20) == std::map<SubscriberId, int>{{third, 20}});
    group.shared.leave("g", "t", member(third));
    CHECK(group.pick() != third);
}

TEST_CASE("connected members come before disconnected ones, which come before none") {
    for (const ShareStrategy strategy : kStrategies) {
        INFO("strategy ", static_cast<int>(strategy));
        OneGroup group(strategy, 4);
        for (const SubscriberId away : {0u, 1u, 3u})
            group.shared.set_connected(member(away), false);
        CHECK(group.picks(30) == std::map<SubscriberId, int>{{2, 30}});
        CHECK(group.pick("p", "t", member(2)) != 2);
        group.shared.set_connected(member(2), false);
        CHECK_FALSE(group.picks(30).empty());
        group.shared.set_connected(member(1), true);
        group.shared.set_connected(member(1), true);
        CHECK(group.picks(30) == std::map<SubscriberId, int>{{1, 30}});
        for (const SubscriberId gone : {0u, 1u, 3u})
            group.shared.leave("g", "t", member(gone));
        CHECK(group.pick() == 2);
        CHECK_FALSE(group.shared.pick(group.group, "p", "t", group.random, member(2)));
        CHECK(group.shared.leave("g", "t", member(2)).group_ends);
        CHECK_FALSE(group.shared.pick(group.group, "p", "t", group.random));
    }
}

TEST_CASE("an excluded member is never picked while there is another") {
    for (const ShareStrategy strategy : kStrategies) {
        INFO("strategy ", static_cast<int>(strategy));
        OneGroup group(strategy, 3);
        for (int i = 0; i < 200; ++i) {
            const std::string name = std::to_string(i);
            const auto excluded = static_cast<SubscriberId>(i % 3);
            CHECK(group.pick(name, name, member(excluded)) != excluded);
        }
        group.pick("p", "t", member(99));  // Excluding somebody who is not in it does no harm.
    }
}

TEST_CASE("connected is set in all groups of a member, and of no other") {
    SharedSubscriptions shared(kSeed, ShareStrategy::RoundRobin);
    Random random(1);
    for (const char* filter : {"a", "b", "c"}) {
        shared.join("g", filter, connected(1));
        shared.join("g", filter, connected(2));
    }
    const auto picks_only = [&](const char* filter, SubscriberId subscriber) {
        for (int i = 0; i < 4; ++i) {
            if (shared.pick(*shared.find("g", filter), "p", "t", random)->member != member(subscriber)) return false;
        }
        return true;
    };
    shared.set_connected(member(1), false);
    shared.set_connected(member(77), false);
    for (const char* filter : {"a", "b", "c"})
        CHECK(picks_only(filter, 2));
    shared.leave("g", "a", member(1));
    shared.set_connected(member(1), true);
    shared.set_connected(member(2), false);
    CHECK(picks_only("a", 2));
    CHECK(picks_only("b", 1));
    CHECK(picks_only("c", 1));
}

TEST_CASE("what is said of members that have left is ignored") {
    OneGroup group(ShareStrategy::LeastInflight, 2);
    group.shared.add_inflight(group.group, member(9), 5);
    group.shared.leave("g", "t", member(1));
    group.shared.add_inflight(group.group, member(1), 5);
    group.shared.add_inflight(12345, member(0), 5);
    group.shared.set_connected(member(1), true);
    CHECK(group.pick() == 0);
}

// What a member gives back can arrive when its group has gone and another has taken its place.
TEST_CASE("a group that has gone is not mistaken for a later one") {
    for (const ShareStrategy strategy : kStrategies) {
        INFO("strategy ", static_cast<int>(strategy));
        OneGroup group(strategy, 1);
        REQUIRE(group.shared.leave("g", "t", member(0)).group_ends);
        REQUIRE(group.shared.join("other", "a", connected(0)).group_begins);
        CHECK_FALSE(group.shared.pick(group.group, "p", "t", group.random));
        REQUIRE(group.shared.leave("other", "a", member(0)).group_ends);
        REQUIRE(group.shared.join("g", "t", connected(0)).group_begins);
        REQUIRE_FALSE(group.shared.join("g", "t", connected(1)).group_begins);
        group.shared.add_inflight(group.group, member(0), 5);
        CHECK_FALSE(group.shared.pick(group.group, "p", "t", group.random));
        if (strategy == ShareStrategy::LeastInflight)
            CHECK(group.shared.pick(*group.shared.find("g", "t"), "p", "t", group.random)->inflight == 0);
    }
}

TEST_CASE("random joins and leaves keep every group's members") {
    for (const ShareStrategy strategy : kStrategies) {
        Random random(static_cast<uint64_t>(strategy) + 1);
        SharedSubscriptions shared(kSeed, strategy);
        std::map<std::string, std::map<SubscriberId, bool>> groups;  // Whether connected.
        for (int step = 0; step < 4000; ++step) {
            const std::string filter = std::string(1, static_cast<char>('a' + random.below(5))) + "/+";
            const auto subscriber = static_cast<SubscriberId>(random.below(8));
            auto& members = groups[filter];
            switch (random.below(4)) {
                case 0: {
                    REQUIRE(shared.join("g", filter, connected(subscriber)).group_begins == members.empty());
                    members[subscriber] = true;
                    break;
                }
                case 1: {
                    const bool last = members.erase(subscriber) == 1 && members.empty();
                    REQUIRE(shared.leave("g", filter, member(subscriber)).group_ends == last);
                    break;
                }
                case 2: {
                    const bool is_connected = random.below(2) == 0;
                    shared.set_connected(member(subscriber), is_connected);
                    for (auto& [name, others] : groups) {
                        if (others.contains(subscriber)) others[subscriber] = is_connected;
                    }
                    break;
                }
                default: {
                    const auto group = shared.find("g", filter);
                    REQUIRE(group.has_value() == !members.empty());
                    if (!group) break;
                    const auto picked = shared.pick(*group, "p", "t", random, member(subscriber));
                    const bool others = members.size() > (members.contains(subscriber) ? 1 : 0);
                    REQUIRE(picked.has_value() == others);
                    if (!picked) break;
                    REQUIRE(members.contains(picked->member.subscriber));
                    REQUIRE(picked->member.subscriber != subscriber);
                    const bool any_connected = std::any_of(members.begin(), members.end(), [&](const auto& one) {
                        return one.second && one.first != subscriber;
                    });
                    REQUIRE(picked->connected == any_connected);
                }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/subscription_tree.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "broker/base/random.h"

using namespace runnel;
using namespace runnel::routing;
using mqtt::QoS;

namespace {

using Filters = std::vector<std::string>;

SubscriptionTree make_tree() {
    return SubscriptionTree(0x5eed);
}

std::vector<SubscriberId> subscribers_of(const SubscriptionTree& tree, std::string_view topic) {
    std::vector<SubscriberId> found;
    tree.match(topic, [&](const Subscription& subscription) { found.push_back(subscription.subscriber); });
    std::sort(found.begin(), found.end());
    return found;
}

Filters filters_of(const SubscriptionTree& tree, SubscriberId subscriber) {
    Filters filters;
    tree.for_each_of(subscriber, [&](std::string_view filter, const Subscription&) { filters.emplace_back(filter); });
    return filters;
}

size_t match_count(const SubscriptionTree& tree, std::string_view topic) {
    size_t count = 0;
    tree.match(topic, [&](const Subscription&) { ++count; });
    return count;
}

// "x" stands for the levels; `pattern` has a bit for each that becomes +.
std::string sixteen_levels(uint32_t pattern, std::string_view literal) {
    std::string filter;
    for (unsigned level = 0; level < 16; ++level) {
        if (level != 0) filter += '/';
        filter += (pattern >> level & 1) != 0 ? "+" : literal;
    }
    return filter;
}

}  // namespace

TEST_CASE("filters match as section 4.7 says") {
    struct Row {
        std::string filter;
        Filters matching;
        Filters others;
    };
    const std::vector<Row> rows{
        {"sport/tennis/player1/#",
         {"sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis/player1/score/wimbledon"},
         {"sport/tennis", "sport/tennis/player2", "sport/tennis/player11", "$sport/tennis/player1"}},
        {"sport/#", {"sport", "sport/", "sport/tennis/player1"}, {"sports", "/sport", "Sport"}},
        {"#", {"a", "/", "//", "sport/tennis", "a/$SYS"}, {"$SYS", "$SYS/uptime", "$"}},
        {"sport/tennis/+",
         {"sport/tennis/player1", "sport/tennis/player2", "sport/tennis/"},
         {"sport/tennis", "sport/tennis/player1/ranking"}},
        {"sport/+", {"sport/", "sport/x"}, {"sport", "sport/x/"}},
        {"+", {"finance", "a"}, {"/finance", "$SYS", "a/"}},
        {"+/+", {"/finance", "/", "a/b"}, {"finance", "a/b/c", "$SYS/uptime"}},
        {"/+", {"/finance", "/"}, {"finance", "//"}},
        {"+/tennis/#", {"sport/tennis", "/tennis", "x/tennis/y/z"}, {"tennis", "$x/tennis"}},
        {"+/#", {"a", "a/b", "/"}, {"$a", "$a/b"}},
        {"$SYS/#", {"$SYS", "$SYS/uptime", "$SYS/a/b"}, {"$SYSTEM", "SYS", "a/$SYS"}},
        {"$SYS/monitor/+", {"$SYS/monitor/Clients"}, {"$SYS/monitor", "$SYS/monitor/a/b"}},
        {"ACCOUNTS", {"ACCOUNTS"}, {"Accounts", "ACCOUNTS/", "/ACCOUNTS"}},
        {"/", {"/"}, {"a", "//", "a/"}},
        {"a//b", {"a//b"}, {"a/b", "a/x/b"}},
        {"a/+/b", {"a//b", "a/x/b", "a/+x/b"}, {"a/b", "a/x/y/b"}},
        {"+/b/+/d", {"a/b/c/d", "/b//d"}, {"a/b/c", "a/b/c/d/e", "$a/b/c/d"}},
        {"Accounts payable", {"Accounts payable"}, {"Accountspayable"}},
    };
    for (const Row& row : rows) {
        SubscriptionTree tree = make_tree();
        tree.subscribe(row.filter, 7, {}, 0);
        for (const std::string& topic : row.matching) {
            INFO(row.filter, " and ", topic);
            CHECK(subscribers_of(tree, topic) == std::vector<SubscriberId>{7});
        }
        for (const std::string& topic : row.others) {
            INFO(row.filter, " and not ", topic);
            CHECK(subscribers_of(tree, topic).empty());
        }
        CHECK(filters_of(tree, 7) == Filters{row.filter});
    }
}

TEST_CASE("a subscriber comes once for each of its filters that match") {
    SubscriptionTree tree = make_tree();
    tree.subscribe("a/b", 1, {}, 0);
    tree.subscribe("a/+", 1, {}, 0);
    tree.subscribe("#", 1, {}, 0);
    tree.subscribe("a/#", 2, {}, 0);
    tree.subscribe("b/#", 2, {}, 0);
    CHECK(subscribers_of(tree, "a/b") == std::vector<SubscriberId>{1, 1, 1, 2});
    CHECK(tree.count() == 5);
    CHECK(tree.count_of(1) == 3);
    CHECK(tree.count_of(2) == 2);
    CHECK(tree.count_of(3) == 0);
}

TEST_CASE("subscribing again replaces the options and keeps the order") {
    SubscriptionTree tree = make_tree();
    for (const char* filter : {"first", "second/+"}) {
        CHECK(tree.subscribe(filter, 1, {}, 5) == SubscriptionTree::Added::New);
    }
    CHECK(tree.subscribe("first", 1, {.qos = QoS::ExactlyOnce, .no_local = true}, 9) ==
          SubscriptionTree::Added::Replaced);
    CHECK(tree.subscribe("first", 2, {}, 0) == SubscriptionTree::Added::New);
    std::vector<uint32_t> sequences;
    tree.for_each_of(
        1, [&](std::string_view, const Subscription& subscription) { sequences.push_back(subscription.sequence); });
    CHECK(sequences == std::vector<uint32_t>{0, 1});
    CHECK(filters_of(tree, 1) == Filters{"first", "second/+"});
    tree.match("first", [&](const Subscription& subscription) {
        if (subscription.subscriber != 1) return;
        CHECK(subscription.options == SubscriptionOptions{.qos = QoS::ExactlyOnce, .no_local = true});
        CHECK(subscription.subscription_identifier == 9);
        CHECK(subscription.sequence == 0);
    });
}

TEST_CASE("subscribers of one filter come in the order of subscription") {
    SubscriptionTree tree = make_tree();
    for (const SubscriberId subscriber : {4u, 2u, 9u, 1u})
        tree.subscribe("t", subscriber, {}, 0);
    tree.unsubscribe("t", 4);
    tree.subscribe("t", 4, {}, 0);
    std::vector<SubscriberId> order;
    tree.match("t", [&](const Subscription& subscription) { order.push_back(subscription.subscriber); });
    CHECK(order == std::vector<SubscriberId>{2, 9, 1, 4});
}

TEST_CASE("unsubscribing removes one subscription and tells whether there was one") {
    SubscriptionTree tree = make_tree();
    tree.subscribe("a/+/c", 1, {}, 0);
    tree.subscribe("a/+/c", 2, {}, 0);
    tree.subscribe("a/+", 1, {}, 0);
    CHECK_FALSE(tree.unsubscribe("a/+/c", 3));
    CHECK_FALSE(tree.unsubscribe("a/+/c/#", 1));
    CHECK_FALSE(tree.unsubscribe("a/b/c", 1));
    CHECK_FALSE(tree.unsubscribe("#", 1));
    CHECK_FALSE(tree.unsubscribe("a/#", 1));
    CHECK(tree.unsubscribe("a/+/c", 1));
    CHECK_FALSE(tree.unsubscribe("a/+/c", 1));
    CHECK(subscribers_of(tree, "a/b/c") == std::vector<SubscriberId>{2});
    CHECK(subscribers_of(tree, "a/b") == std::vector<SubscriberId>{1});
    CHECK(tree.count() == 2);
}

TEST_CASE("a node and what is below it are two filters") {
    SubscriptionTree tree = make_tree();
    tree.subscribe("a/+", 1, {}, 0);
    tree.subscribe("a/+/#", 1, {}, 0);
    CHECK(subscribers_of(tree, "a/b") == std::vector<SubscriberId>{1, 1});
    CHECK(subscribers_of(tree, "a/b/c") == std::vector<SubscriberId>{1});
    CHECK(tree.unsubscribe("a/+", 1));
    CHECK(subscribers_of(tree, "a/b") == std::vector<SubscriberId>{1});
    CHECK(filters_of(tree, 1) == Filters{"a/+/#"});
}

TEST_CASE("removing a subscriber names its filters in order and leaves the others") {
    SubscriptionTree tree = make_tree();
    const Filters filters{"a/b", "#", "a/+/#", "/", "a long filter without any wildcard/x/y", "+"};
    for (const std::string& filter : filters) {
        tree.subscribe(filter, 1, {}, 0);
        tree.subscribe(filter, 2, {}, 0);
    }
    Filters gone;
    tree.unsubscribe_all(1, [&](std::string_view filter) { gone.emplace_back(filter); });
    CHECK(gone == filters);
    CHECK(tree.count_of(1) == 0);
    CHECK(filters_of(tree, 2) == filters);
    CHECK(subscribers_of(tree, "a/b") == std::vector<SubscriberId>{2, 2, 2});
    tree.unsubscribe_all(1, [](std::string_view) { FAIL("nothing was left"); });
    tree.unsubscribe_all(99, [](std::string_view) { FAIL("there never was one"); });
}

TEST_CASE("topics and filters of 65,535 bytes may be all slashes") {
    SubscriptionTree tree = make_tree();
    const std::string slashes(65535, '/');
    const std::string plus = slashes.substr(1) + "+";
    const std::string deep_plus = "+" + slashes.substr(1);
    const std::string below = slashes.substr(1) + "#";
    const Filters filters{slashes, plus, deep_plus, below};
    for (const std::string& filter : filters)
        tree.subscribe(filter, 1, {}, 0);
    CHECK(filters_of(tree, 1) == filters);
    CHECK(match_count(tree, slashes) == 2);  // Its own text, and what is below the one before the last slash.
    CHECK(match_count(tree, slashes.substr(1)) == 3);
    CHECK(match_count(tree, "a" + slashes.substr(2)) == 0);
    CHECK(match_count(tree, "a" + slashes.substr(1)) == 1);
    for (const std::string& filter : filters)
        CHECK(tree.unsubscribe(filter, 1));
    CHECK(tree.count() == 0);
    CHECK(match_count(tree, slashes) == 0);
}

TEST_CASE("2^16 filters of + and a over 16 levels") {
    SubscriptionTree tree = make_tree();
    for (uint32_t pattern = 0; pattern < 65536; ++pattern)
        tree.subscribe(sixteen_levels(pattern, "a"), pattern, {}, 0);
    CHECK(match_count(tree, sixteen_levels(0, "a")) == 65536);
    CHECK(match_count(tree, "b" + sixteen_levels(0, "a").substr(1)) == 32768);
    CHECK(match_count(tree, sixteen_levels(0, "b")) == 1);
    CHECK(match_count(tree, sixteen_levels(0, "a") + "/a") == 0);
    for (uint32_t pattern = 0; pattern < 65536; ++pattern) {
        REQUIRE(tree.unsubscribe(sixteen_levels(pattern, "a"), pattern));
    }
    CHECK(match_count(tree, sixteen_levels(0, "a")) == 0);
}

// A cost that grew with the subscribers of a filter or the subscriptions of a subscriber would take this for hours.
TEST_CASE("many subscribers of one filter that also have many subscriptions") {
    SubscriptionTree tree = make_tree();
    constexpr uint32_t kMany = 100000;
    for (const std::string filter : {"shared/filter", "shared/+"}) {
        for (uint32_t i = 0; i < kMany; ++i)
            tree.subscribe(filter, i, {}, 0);
    }
    for (uint32_t i = 0; i < kMany; ++i) {
        const std::string number = std::to_string(i);
        tree.subscribe("exact/" + number, 7, {}, 0);
        tree.subscribe("wild/" + number + "/+", 7, {}, 0);
    }
    CHECK(match_count(tree, "shared/filter") == 2 * kMany);
    for (uint32_t i = 0; i < kMany; ++i) {
        REQUIRE(tree.subscribe("shared/+", 7, {}, i) == SubscriptionTree::Added::Replaced);
        REQUIRE(tree.unsubscribe("shared/filter", 7));
        REQUIRE(tree.subscribe("shared/filter", 7, {}, i) == SubscriptionTree::Added::New);
    }
    for (uint32_t i = 0; i < kMany; ++i)
        REQUIRE(tree.unsubscribe("exact/" + std::to_string(i * 7919 % kMany), 7));
    CHECK(tree.count_of(7) == kMany + 2);
    tree.unsubscribe_all(7, [](std::string_view) {});
    CHECK(tree.count() == 2 * (kMany - 1));
}

TEST_CASE("a subscription takes under 200 bytes, and gives them back") {
    for (const std::string ending : {"/temperature", "/+"}) {
        SubscriptionTree tree = make_tree();
        constexpr uint32_t kMany = 200000;
        for (uint32_t i = 0; i < kMany; ++i) {
            const std::string filter = "site/" + std::to_string(i % 100) + "/device/" + std::to_string(i) + ending;
            tree.subscribe(filter, i, {}, 0);
        }
        CHECK(tree.memory_bytes() / kMany < 200);
        for (uint32_t i = 0; i < kMany; ++i)
            tree.unsubscribe_all(i, [](std::string_view) {});
        CHECK(tree.count() == 0);
        CHECK(tree.memory_bytes() < 5'000'000);  // A chunk of each pool, and the row of subscribers.
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/topic.h"

#include <doctest/doctest.h>

#include <bitset>
#include <string>
#include <vector>

using namespace runnel::mqtt;

namespace {

struct Relation {
    const char* first;
    const char* second;
    bool holds;
};

// Filter and topic: the examples of section 4.7, and the edges around them.
constexpr Relation kMatches[] = {
    {"sport/tennis/player1", "sport/tennis/player1", true},
    {"sport/tennis/player1", "sport/tennis/player2", false},
    {"sport/tennis/player1", "sport/tennis/player10", false},
    {"sport/tennis/player10", "sport/tennis/player1", false},
    {"sport/tennis/player1/#", "sport/tennis/player1", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
    {"sport/tennis/player1/#", "sport/tennis/player10", false},
    {"sport/tennis/player1/#", "sport/tennis", false},
    {"sport/#", "sport", true},
    {"sport/#", "sport/", true},
    {"sport/#", "sports", false},
    {"sport/#", "spor", false},
    {"#", "sport", true},
    {"#", "/", true},
    {"#", "/finance", true},
    {"#", "a/b/c/d", true},
    {"sport/tennis/+", "sport/tennis/player1", true},
    {"sport/tennis/+", "sport/tennis/player1/ranking", false},
    {"sport/+", "sport", false},
    {"sport/+", "sport/", true},
    {"+/+", "/finance", true},
    {"/+", "/finance", true},
    {"+", "/finance", false},
    {"+", "finance", true},
    {"+/", "a/", true},
    {"+/", "a", false},
    {"+/tennis/#", "sport/tennis", true},
    {"+/tennis/#", "sport/tennis/x", true},
    {"+/tennis/#", "sport/golf", false},
    {"+/#", "a", true},
    {"+/#", "a/b/c", true},
    {"sport/+/player1", "sport/tennis/player1", true},
    {"sport/+/player1", "sport//player1", true},
    {"sport/+/player1", "sport/player1", false},
    {"+/+/+", "//", true},
    {"+/+/+", "a/b/c/d", false},
    {"+/+/#", "a", false},
    {"//", "//", true},
    {"//", "/", false},
    {"a//b", "a/b", false},
    {"ACCOUNTS", "Accounts", false},
    {"#", "$SYS/broker", false},
    {"#", "$", false},
    {"+/monitor/Clients", "$SYS/monitor/Clients", false},
    {"+", "$SYS", false},
    {"+/#", "$SYS", false},
    {"$SYS/#", "$SYS/monitor/Clients", true},
    {"$SYS/#", "$SYS", true},
    {"$SYS/+", "$SYS/x", true},
    {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
    {"a/#", "a/$SYS", true},
    {"a/+", "a/$SYS", true},
    {"+/x", "a$/x", true},
};

// Wide and narrow.
constexpr Relation kCovers[] = {
    {"a/b", "a/b", true},    {"a/b", "a/c", false},    {"a/+", "a/b", true},         {"a/b", "a/+", false},
    {"a/+", "a/+", true},    {"a/+", "a", false},      {"a/#", "a", true},           {"a", "a/#", false},
    {"a/#", "a/b/c", true},  {"a/#", "a/+", true},     {"a/#", "a/#", true},         {"a/#", "a/b/#", true},
    {"a/b/#", "a/#", false}, {"a/+", "a/#", false},    {"a/+/#", "a/#", false},      {"a/+/#", "a/+", true},
    {"#", "a/+/#", true},    {"#", "+", true},         {"+/#", "#", true},           {"+/#", "+", true},
    {"+", "#", false},       {"+/+/#", "#", false},    {"+/+", "/a", true},          {"#", "$SYS/#", false},
    {"#", "$SYS", false},    {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/+/x", true}, {"$SYS/#", "#", false},
    {"a/#", "a/$x", true},
};

constexpr Relation kOverlaps[] = {
    {"a/b", "a/b", true},       {"a/b", "a/c", false},     {"a/+", "+/b", true},     {"a/+", "b/+", false},
    {"a/#", "a", true},         {"a/#", "+", true},        {"a/#", "b/#", false},    {"a/+", "a", false},
    {"a/b/#", "a/+", true},     {"a/b/c/#", "a/+", false}, {"+/b/#", "a/+/c", true}, {"#", "#", true},
    {"#", "a/b", true},         {"#", "$SYS/x", false},    {"+/x", "$SYS/x", false}, {"#", "$SYS/#", false},
    {"$SYS/#", "$SYS/+", true}, {"$SYS/#", "+/#", false},  {"a/#", "a/$SYS", true},
};

bool is_one_of(const std::string& text, std::initializer_list<const char*> texts) {
    for (const char* candidate : texts)
        if (text == candidate) return true;
    return false;
}

using LevelList = std::vector<std::string>;

std::string join(const LevelList& levels) {
    std::string text = levels.front();
    for (size_t i = 1; i < levels.size(); ++i)
        text += "/" + levels[i];
    return text;
}

// All lists of one to `size_max` of these levels.
std::vector<LevelList> lists_of(const LevelList& alphabet, size_t size_max) {
    std::vector<LevelList> lists{{}};
    for (size_t begin = 0, size = 1; size <= size_max; ++size) {
        const size_t end = lists.size();
        for (size_t i = begin; i < end; ++i)
            for (const std::string& level : alphabet) {
                lists.push_back(lists[i]);
                lists.back().push_back(level);
            }
        begin = end;
    }
    lists.erase(lists.begin());
    return lists;
}

// Section 4.7 read literally.
bool matches_by_the_book(const LevelList& filter, const LevelList& topic, size_t i = 0) {
    if (i == 0 && topic[0].starts_with('$') && is_one_of(filter[0], {"+", "#"})) return false;
    if (i == filter.size()) return i == topic.size();
    if (filter[i] == "#") return topic.size() >= i;  // The parent level, or any number of levels below it.
    if (i == topic.size()) return false;
    return (filter[i] == "+" || filter[i] == topic[i]) && matches_by_the_book(filter, topic, i + 1);
}

// Filters of up to three levels, and topics one level deeper with a level that no filter names: enough to tell any two
// of these filters apart.
struct SmallWorld {
    static constexpr size_t kTopicsMax = 1024;
    using TopicSet = std::bitset<kTopicsMax>;

    SmallWorld() {
        for (const LevelList& topic : lists_of({"", "a", "b", "$s", "other"}, 4))
            if (join(topic) != "") topics.push_back(topic);
        REQUIRE(topics.size() <= kTopicsMax);
        for (const LevelList& filter : lists_of({"", "a", "b", "$s", "+", "#"}, 3)) {
            if (!is_valid_topic_filter(join(filter))) continue;
            filters.push_back(filter);
            matched.emplace_back();
            for (size_t i = 0; i < topics.size(); ++i)
                matched.back()[i] = matches_by_the_book(filter, topics[i]);
        }
    }

    std::vector<LevelList> topics;
    std::vector<LevelList> filters;
    std::vector<TopicSet> matched;  // By each filter.
};

const SmallWorld& small_world() {
    static const SmallWorld world;
    return world;
}

}  // namespace

TEST_CASE("a filter matches a topic or does not") {
    for (const Relation& row : kMatches) {
        CAPTURE(row.first);
        CAPTURE(row.second);
        CHECK(matches(row.first, row.second) == row.holds);
    }
}

TEST_CASE("one filter covers another or does not") {
    for (const Relation& row : kCovers) {
        CAPTURE(row.first);
        CAPTURE(row.second);
        CHECK(covers(row.first, row.second) == row.holds);
    }
}

TEST_CASE("two filters overlap or do not, in either order") {
    for (const Relation& row : kOverlaps) {
        CAPTURE(row.first);
        CAPTURE(row.second);
        CHECK(overlaps(row.first, row.second) == row.holds);
        CHECK(overlaps(row.second, row.first) == row.holds);
    }
}

TEST_CASE("matches is right for every filter and topic of a small world") {
    const SmallWorld& world = small_world();
    CHECK(world.filters.size() == 6 + 5 * 6 + 5 * 5 * 6 - 1);
    for (size_t f = 0; f < world.filters.size(); ++f)
        for (size_t t = 0; t < world.topics.size(); ++t)
            if (matches(join(world.filters[f]), join(world.topics[t])) != world.matched[f][t])
                FAIL_CHECK(join(world.filters[f]), " and ", join(world.topics[t]));
}

TEST_CASE("covers and overlaps are right for every two filters of a small world") {
    const SmallWorld& world = small_world();
    size_t covering = 0;
    size_t overlapping = 0;
    for (size_t a = 0; a < world.filters.size(); ++a)
        for (size_t b = 0; b < world.filters.size(); ++b) {
            const std::string text_a = join(world.filters[a]);
            const std::string text_b = join(world.filters[b]);
            const bool a_covers_b = (world.matched[b] & ~world.matched[a]).none();
            const bool they_overlap = (world.matched[a] & world.matched[b]).any();
            if (covers(text_a, text_b) != a_covers_b) FAIL_CHECK(text_a, " covers ", text_b, ": ", a_covers_b);
            if (overlaps(text_a, text_b) != they_overlap) FAIL_CHECK(text_a, " overlaps ", text_b, ": ", they_overlap);
            covering += a_covers_b;
            overlapping += they_overlap;
        }
    CHECK(covering > world.filters.size());
    CHECK(overlapping > covering);
}

TEST_CASE("Topic Names have a character and no wildcard") {
    for (const char* topic : {"a", "/", "//", " ", "a/b", "$SYS/x", "$share/g/a"})
        CHECK(is_valid_topic_name(topic));
    for (const char* topic : {"", "+", "#", "a/+", "a/#", "a+b", "x#"})
        CHECK_FALSE(is_valid_topic_name(topic));
}

TEST_CASE("wildcards of Topic Filters stand alone in their level, and # is last") {
    for (const char* filter : {"a", "/", "+", "#", "+/+", "a/+/b", "/+", "+/", "a/#", "+/#", "/#", "//#"}) {
        CAPTURE(filter);
        CHECK(is_valid_topic_filter(filter));
    }
    for (const char* filter : {"", "a+", "+a", "a/b+/c", "++", "a/++", "#/", "#/a", "a#", "a/b#", "##", "+#", "#+",
                               "a/#/b", "sport/tennis#", "sport/tennis/#/ranking"}) {
        CAPTURE(filter);
        CHECK_FALSE(is_valid_topic_filter(filter));
    }
}

TEST_CASE("shared subscriptions are told from ordinary ones") {
    const auto ordinary = parse_filter("a/+/#");
    REQUIRE(ordinary);
    CHECK_FALSE(ordinary->is_shared());
    CHECK(ordinary->filter == "a/+/#");

    const auto shared = parse_filter("$share/consumer 1//finance/+");
    REQUIRE(shared);
    CHECK(shared->is_shared());
    CHECK(shared->share_name == "consumer 1");
    CHECK(shared->filter == "/finance/+");

    for (const char* filter : {"$shared/a/b", "$SHARE/a/b", "$share", "a/$share/b"}) {
        CAPTURE(filter);
        const auto parsed = parse_filter(filter);
        CHECK((parsed && !parsed->is_shared()));
    }
    for (const char* filter : {"$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/#/a",
                               "$share/g+/a", "$share/g#/a", "$share/#", "$share/g/a#", "$share/g/#/a", "a/#/b", ""}) {
        CAPTURE(filter);
        CHECK_FALSE(parse_filter(filter));
    }
}

TEST_CASE("levels are what lies between the slashes") {
    const std::pair<const char*, LevelList> samples[] = {
        {"a", {"a"}}, {"", {""}}, {"/", {"", ""}}, {"a//b", {"a", "", "b"}}, {"a/b/", {"a", "b", ""}}};
    for (const auto& sample : samples) {
        CAPTURE(sample.first);
        LevelList levels;
        Levels walk(sample.first);
        while (const auto level = walk.next())
            levels.emplace_back(*level);
        CHECK(levels == sample.second);
        CHECK(level_count(sample.first) == sample.second.size());
    }
}

TEST_CASE("wildcards are found anywhere") {
    for (const char* filter : {"+", "#", "a/+", "a/#", "a+"})
        CHECK(has_wildcard(filter));
    for (const char* filter : {"", "a", "a/b", "$share/g/a"})
        CHECK_FALSE(has_wildcard(filter));
}

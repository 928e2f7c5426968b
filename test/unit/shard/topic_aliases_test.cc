// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/topic_aliases.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace runnel::shard {
namespace {

TEST_CASE("An inbound alias stands for the last topic that it was set to") {
    InboundAliases aliases;
    CHECK(aliases.find(1).empty());
    CHECK(aliases.set(5, "a/b", 100));
    CHECK(aliases.find(5) == "a/b");
    CHECK(aliases.find(4).empty());
    CHECK(aliases.find(6).empty());
    CHECK(aliases.set(5, "c", 100));
    CHECK(aliases.find(5) == "c");
    CHECK(aliases.set(65'535, "far", 100));
    CHECK(aliases.find(65'535) == "far");
    CHECK(aliases.find(5) == "c");
}

TEST_CASE("The topics of all inbound aliases together keep a limit, and setting again does not count twice") {
    InboundAliases aliases;
    CHECK(aliases.set(1, "12345", 10));
    CHECK(aliases.set(2, "12345", 10));
    CHECK_FALSE(aliases.set(3, "1", 10));
    CHECK_FALSE(aliases.set(2, "123456", 10));
    CHECK(aliases.find(2) == "12345");
    CHECK(aliases.set(2, "1234", 10));
    CHECK(aliases.set(3, "1", 10));
}

TEST_CASE("The first topics get an outbound alias and keep it") {
    OutboundAliases aliases(2);
    const OutboundAliases::Use first = aliases.find("home/one");
    CHECK(first.alias == 1);
    CHECK_FALSE(first.known);
    CHECK_FALSE(aliases.find("home/one").known);  // Asking changes nothing.
    aliases.set("home/one", first.alias);
    CHECK(aliases.find("home/one").alias == 1);
    CHECK(aliases.find("home/one").known);
    const OutboundAliases::Use second = aliases.find("home/two");
    CHECK(second.alias == 2);
    aliases.set("home/two", second.alias);
    CHECK(aliases.find("home/three").alias == 0);
    CHECK(aliases.find("home/one").known);
}

TEST_CASE("A topic that is no longer than the property would be gets no alias") {
    const OutboundAliases aliases(10);
    CHECK(aliases.find("a/b").alias == 0);
    CHECK(aliases.find("a/bc").alias == 1);
}

TEST_CASE("Outbound aliases keep their memory within bounds") {
    OutboundAliases aliases(65'535);
    const std::string long_topic(10'000, 'x');
    uint16_t given = 0;
    for (int i = 0; i < 100; ++i) {
        const std::string topic = long_topic + std::to_string(i);
        const OutboundAliases::Use use = aliases.find(topic);
        if (use.alias == 0) break;
        aliases.set(topic, use.alias);
        ++given;
    }
    CHECK(given == 6);
}

}  // namespace
}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/access_rules.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace runnel::auth {
namespace {

// One client and what it asks for.
class Asking {
public:
    Asking(const AccessRules& rules, const std::string& user_name, std::string client_identifier)
        : rules_(rules), identity_{user_name, user_name.empty()}, client_identifier_(std::move(client_identifier)) {}
    bool publish(std::string_view topic) const { return rules_.may_publish({identity_, client_identifier_}, topic); }
    bool subscribe(std::string_view filter) const {
        return rules_.may_subscribe({identity_, client_identifier_}, filter);
    }
    bool receive(std::string_view topic) const { return rules_.may_receive({identity_, client_identifier_}, topic); }

private:
    const AccessRules& rules_;
    api::Identity identity_;
    std::string client_identifier_;
};

using Filters = std::vector<std::string>;

AccessRule rule(Filters publish, Filters subscribe, Filters deny = {}, std::string user = "", std::string client = "") {
    return {.user = std::move(user),
            .client = std::move(client),
            .publish = std::move(publish),
            .subscribe = std::move(subscribe),
            .deny = std::move(deny)};
}

}  // namespace

TEST_CASE("access: without rules everything is allowed but publishing to $") {
    const AccessRules rules({});
    const Asking anyone(rules, "", "c");
    CHECK(anyone.publish("a/b"));
    CHECK(anyone.subscribe("#"));
    CHECK(anyone.subscribe("$SYS/#"));
    CHECK(anyone.receive("$SYS/broker/uptime"));
    CHECK_FALSE(anyone.publish("$SYS/broker/uptime"));
    CHECK_FALSE(rules.checks_delivery());
}

TEST_CASE("access: with any rule the default is deny") {
    for (const AccessRules& rules : {AccessRules({AccessRule{}}), AccessRules({rule({"#"}, {"#"}, {}, "someone")}),
                                     AccessRules({rule({"#"}, {"#"}, {}, "", "someone")})}) {
        const Asking other(rules, "other", "c");
        CHECK_FALSE(other.publish("a"));
        CHECK_FALSE(other.subscribe("a"));
        CHECK_FALSE(other.receive("a"));
        CHECK_FALSE(other.subscribe("$SYS/#"));  // K-07
        CHECK(rules.checks_delivery());
    }
}

TEST_CASE("access: publish and subscribe are different rights") {
    const AccessRules rules({rule({"out/#"}, {"in/#"})});
    const Asking client(rules, "u", "c");
    CHECK(client.publish("out/a"));
    CHECK(client.publish("out"));
    CHECK_FALSE(client.publish("in/a"));
    CHECK(client.subscribe("in/+/a"));
    CHECK(client.receive("in/a"));
    CHECK_FALSE(client.subscribe("out/a"));
    CHECK_FALSE(client.receive("out/a"));
}

TEST_CASE("access: who a rule is for") {
    const AccessRules rules({rule({"named"}, {}, {}, "*"), rule({"sensor"}, {}, {}, "sensor-*"),
                             rule({"phone"}, {}, {}, "", "phone-*-x"), rule({"both"}, {}, {}, "a", "c"),
                             rule({"all"}, {})});
    struct Row {
        std::string user, client, topic;
        bool allowed;
    };
    const Row rows[] = {
        {"", "c", "all", true},
        {"u", "c", "all", true},
        {"", "c", "named", false},
        {"u", "c", "named", true},
        {"sensor-1", "c", "sensor", true},
        {"sensor-", "c", "sensor", true},
        {"sensor", "c", "sensor", false},
        {"Sensor-1", "c", "sensor", false},
        {"xsensor-1", "c", "sensor", false},
        {"", "sensor-1", "sensor", false},
        {"", "phone-1-x", "phone", true},
        {"", "phone-x", "phone", false},
        {"", "phone-1-xy", "phone", false},
        {"", "phone--x", "phone", true},
        {"a", "c", "both", true},
        {"a", "d", "both", false},
        {"b", "c", "both", false},
        {"", "c", "both", false},
        // E-02: nothing of a client is a pattern.
        {"*", "c", "sensor", false},
        {".*", "c", "sensor", false},
        {"sensor-.*|", "c", "sensor", true},
        {"", "*", "phone", false},
        {"", "(", "phone", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.user);
        CAPTURE(row.client);
        CAPTURE(row.topic);
        CHECK(Asking(rules, row.user, row.client).publish(row.topic) == row.allowed);
    }
}

TEST_CASE("access: the first rule that decides wins, and deny comes first within a rule") {
    const AccessRules rules({rule({"a/#"}, {}, {"a/secret/#"}), rule({"a/secret/open", "b/x"}, {"a/#"}),
                             rule({}, {}, {"b/#"}), rule({"b/#", "c"}, {"b/#"})});
    const Asking client(rules, "u", "c");
    CHECK(client.publish("a/b"));
    CHECK_FALSE(client.publish("a/secret/open"));  // The rule before denies.
    CHECK(client.publish("b/x"));                  // Before the rule that denies.
    CHECK_FALSE(client.publish("b/y"));
    CHECK(client.publish("c"));  // Rules that say nothing pass it on.
    CHECK_FALSE(client.publish("d"));
    CHECK_FALSE(client.subscribe("b/x"));
    CHECK(client.subscribe("a/b"));
    CHECK_FALSE(client.subscribe("a/secret/#"));
}

// E-01
TEST_CASE("access: names that would widen a filter allow nothing") {
    const AccessRules rules({rule({"devices/%u/#", "clients/x-%c/up"}, {"devices/%u/#", "clients/x-%c/+"})});
    struct Row {
        std::string user, client, topic;
        bool allowed;
    };
    const Row rows[] = {
        {"a", "c", "devices/a", true},
        {"a", "c", "devices/a/b/c", true},
        {"a", "c", "devices/b", false},
        {"#", "c", "devices/a", false},
        {"#", "c", "devices/#", false},
        {"+", "c", "devices/a", false},
        {"+", "c", "devices/+/x", false},
        {"a/+", "c", "devices/a/b", false},
        {"a/b", "c", "devices/a/b", false},
        {"a/b", "c", "devices/a/b/c", false},
        {"", "c", "devices/", false},
        {"", "c", "devices//x", false},
        {"a+", "c", "devices/a+", false},
        {"%c", "c", "devices/c", false},
        {"%c", "c", "devices/%c/x", true},
        {".*", "c", "devices/a", false},
        {"a|.*", "c", "devices/b", false},
        {"(", "c", "devices/(/x", true},
        {"a", "c", "clients/x-c/up", true},
        {"a", "#", "clients/x-#/up", false},
        {"a", "c/d", "clients/x-c/d/up", false},
        {"a", "", "clients/x-/up", false},
        {"a", "$c", "clients/x-$c/up", true},
        {"\xc3\xa4", "c", "devices/\xc3\xa4/x", true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.user);
        CAPTURE(row.client);
        CAPTURE(row.topic);
        CHECK(Asking(rules, row.user, row.client).publish(row.topic) == row.allowed);
        CHECK(Asking(rules, row.user, row.client).subscribe(row.topic) == row.allowed);
        CHECK(Asking(rules, row.user, row.client).receive(row.topic) == row.allowed);
    }
}

TEST_CASE("access: a name in front of a filter cannot reach $ topics") {
    const AccessRules rules({rule({}, {"%u/#", "%c/%u"})});
    CHECK(Asking(rules, "a", "c").subscribe("a/#"));
    CHECK(Asking(rules, "a", "c").subscribe("c/a"));
    CHECK_FALSE(Asking(rules, "$SYS", "c").subscribe("$SYS/#"));
    CHECK_FALSE(Asking(rules, "$SYS", "c").receive("$SYS/broker/uptime"));
    CHECK_FALSE(Asking(rules, "a", "$SYS").subscribe("$SYS/a"));
    CHECK(Asking(rules, "$a", "c").subscribe("c/$a"));
}

TEST_CASE("access: several names in one filter, and a percent sign that is none") {
    const AccessRules rules({rule({"%u/%c/%u%c/100%/%x/%"}, {})});
    CHECK(Asking(rules, "u", "c").publish("u/c/uc/100%/%x/%"));
    CHECK_FALSE(Asking(rules, "u", "c").publish("u/c/uc/100/x/"));
    CHECK_FALSE(Asking(rules, "u", "").publish("u//u/100%/%x/%"));
}

TEST_CASE("access: a deny filter whose name cannot stand in it denies") {
    const AccessRules rules({rule({"#"}, {"#"}, {"private/%u/#"})});
    CHECK(Asking(rules, "a", "c").publish("x"));
    CHECK(Asking(rules, "a", "c").publish("private/b"));
    CHECK_FALSE(Asking(rules, "a", "c").publish("private/a/b"));
    for (const std::string user : {"", "#", "+", "a/b"}) {
        CAPTURE(user);
        CHECK_FALSE(Asking(rules, user, "c").publish("x"));
        CHECK_FALSE(Asking(rules, user, "c").subscribe("x"));
        CHECK_FALSE(Asking(rules, user, "c").receive("x"));
    }
}

// E-03: what a broad filter would leak is stopped at delivery; what lies within a deny is refused at once. E-04: shared
// subscriptions are asked by the filter behind their prefix, and the prefix itself is no way in.
TEST_CASE("access: broad filters and narrow denies") {
    const AccessRules rules({rule({"#"}, {"#"}, {"secret/#", "+/hidden"})});
    const Asking client(rules, "u", "c");
    for (const std::string granted : {"#", "+/x", "+/#", "+", "+/+", "a/+", "secrets/#", "secre/#", "+/hidden/#"}) {
        CAPTURE(granted);
        CHECK(client.subscribe(granted));
    }
    for (const std::string refused :
         {"secret/#", "secret", "secret/+", "secret/a/b", "secret/+/#", "+/hidden", "a/hidden", "$SYS/#",
          "$share/g/secret/#", "$share/g/#", "$queue/secret/#", "$exclusive/a"}) {
        CAPTURE(refused);
        CHECK_FALSE(client.subscribe(refused));
    }
    for (const std::string topic : {"a", "a/x", "secrets", "secre/t", "a/hidden/b", "/x", "Secret"})
        CHECK(client.receive(topic));
    for (const std::string topic : {"secret", "secret/x", "secret/a/b", "secret/", "a/hidden", "/hidden", "$SYS/x"}) {
        CAPTURE(topic);
        CHECK_FALSE(client.receive(topic));
    }
}

TEST_CASE("access: a subscription must lie within one allowed filter") {
    const AccessRules rules({rule({}, {"a/+", "b/#", "+/c/d"})});
    const Asking client(rules, "u", "c");
    for (const std::string granted : {"a/b", "a/+", "a/", "b/#", "b", "b/+/x", "x/c/d", "+/c/d"}) {
        CAPTURE(granted);
        CHECK(client.subscribe(granted));
    }
    for (const std::string refused : {"#", "+", "a/#", "a", "a/b/c", "+/b", "b+", "+/#", "+/+/d", "x/c", "c"}) {
        CAPTURE(refused);
        CHECK_FALSE(client.subscribe(refused));
    }
}

// E-18: levels are compared byte by byte.
TEST_CASE("access: near misses") {
    const AccessRules rules({rule({"a/b"}, {"a/b"})});
    const Asking client(rules, "u", "c");
    CHECK(client.publish("a/b"));
    for (const std::string topic : {"a//b", "/a/b", "a/b/", "A/b", "a/B", "a/b ", " a/b", "a", "a/", "/", "b", "a/b/c",
                                    "\xd0\xb0/b", "a/%62", "a\\b", "a/./b", "a/b\n"}) {
        CAPTURE(topic);
        CHECK_FALSE(client.publish(topic));
        CHECK_FALSE(client.receive(topic));
        CHECK_FALSE(client.subscribe(topic));
    }
}

TEST_CASE("access: $ topics need a filter of their own and are never published to") {
    const AccessRules rules({rule({"#", "$SYS/#"}, {"#"}), rule({}, {"$SYS/broker/#"}, {}, "admin")});
    const Asking admin(rules, "admin", "c");
    const Asking user(rules, "user", "c");
    CHECK(admin.subscribe("$SYS/broker/#"));
    CHECK(admin.receive("$SYS/broker/uptime"));
    CHECK_FALSE(admin.subscribe("$SYS/#"));
    CHECK_FALSE(user.subscribe("$SYS/broker/#"));
    CHECK_FALSE(user.receive("$SYS/broker/uptime"));
    CHECK_FALSE(admin.publish("$SYS/broker/uptime"));
    CHECK_FALSE(admin.publish("$"));
}

TEST_CASE("access: patterns") {
    struct Row {
        std::string pattern, text;
        bool matches;
    };
    const Row rows[] = {
        {"", "", true},          {"", "a", false},    {"*", "", true},        {"*", "anything", true},
        {"a", "a", true},        {"a", "", false},    {"a*", "a", true},      {"a*", "ba", false},
        {"*a", "ba", true},      {"*a", "ab", false}, {"a*b*c", "abc", true}, {"a*b*c", "aXbXbc", true},
        {"a*b*c", "acb", false}, {"**", "x", true},   {"a**b", "ab", true},   {"?", "a", false},
        {"[a]", "a", false},     {".*", "a", false},  {"*ab", "aab", true},   {"*aab", "aaaab", true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.pattern);
        CAPTURE(row.text);
        CHECK(matches_pattern(row.pattern, row.text) == row.matches);
    }
    CHECK_FALSE(matches_pattern("*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));  // In no more than quadratic time.
}

TEST_CASE("access: filters that a rule can hold") {
    for (const std::string good : {"a", "#", "+", "a/+/#", "%u/%c", "x-%u/#", "$SYS/#", "/", "a b", "\xc3\xa4"})
        CHECK_FALSE(rule_filter_fault(good).has_value());
    for (const std::string& bad :
         {std::string(), std::string("a#"), std::string("#/a"), std::string("a+/b"), std::string("$share/g/a"),
          std::string("\xff"), std::string("a\0b", 3), std::string(70'000, 'a')}) {
        CAPTURE(bad.substr(0, 20));
        CHECK(rule_filter_fault(bad).has_value());
    }
}

}  // namespace runnel::auth

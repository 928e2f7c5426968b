// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/property_set.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace runnel;
using namespace runnel::ctl;
using mqtt::PropertyId;
using Words = std::vector<std::string>;

namespace {

std::string fault_of(const Words& words) {
    PropertyOptions options;
    return options.add(words).value_or("");
}

}  // namespace

TEST_CASE("properties of every type reach their packet") {
    PropertyOptions options;
    CHECK(options.empty());
    CHECK(!options.add(Words{"publish", "content-type", "text/plain"}));
    CHECK(!options.add(Words{"PUBLISH", "Message-Expiry-Interval", "4294967295"}));
    CHECK(!options.add(Words{"publish", "correlation-data", "\xFF\xFE"}));
    CHECK(!options.add(Words{"subscribe", "subscription-identifier", "268435455"}));
    CHECK(!options.empty());
    const mqtt::Properties publish = options.of(PropertyTarget::Publish).view();
    CHECK(publish.text(PropertyId::ContentType) == "text/plain");
    CHECK(publish.number(PropertyId::MessageExpiryInterval) == 4'294'967'295u);
    CHECK(publish.text(PropertyId::CorrelationData) == "\xFF\xFE");
    CHECK(options.of(PropertyTarget::Subscribe).view().number(PropertyId::SubscriptionIdentifier) == 268'435'455u);
    CHECK(options.of(PropertyTarget::Will).empty());
}

TEST_CASE("user properties repeat and keep their order") {
    PropertyOptions options;
    CHECK(!options.add(Words{"connect", "user-property", "a", "1"}));
    CHECK(!options.add(Words{"connect", "user-property", "b", ""}));
    CHECK(!options.add(Words{"connect", "user-property", "a", "2"}));
    std::vector<std::pair<std::string, std::string>> seen;
    options.of(PropertyTarget::Connect)
        .view()
        .for_each_user_property([&](std::string_view name, std::string_view value) { seen.emplace_back(name, value); });
    CHECK(seen == decltype(seen){{"a", "1"}, {"b", ""}, {"a", "2"}});
}

TEST_CASE("what MQTT does not allow is refused") {
    CHECK(fault_of({"publish"}) == "-D needs a packet, the name of a property, and its value.");
    CHECK(fault_of({"pingreq", "user-property", "a", "b"}).starts_with("'pingreq' holds no properties; choose from "));
    CHECK(fault_of({"publish", "will-delay-interval", "1"})
              .starts_with("'will-delay-interval' is no property of publish"));
    CHECK(fault_of({"publish", "nonsense", "1"})
              .starts_with("'nonsense' is no property of publish; choose from content-t"));
    CHECK(fault_of({"connect", "receive-maximum", "0"}) ==
          "The value of receive-maximum is a number from 1 to 65535, not '0'.");
    for (const char* number : {"65536", "-1", "1x", "", " 1", "1.5", "99999999999999999999"})
        CHECK(fault_of({"connect", "receive-maximum", number}) != "");
    CHECK(fault_of({"publish", "payload-format-indicator", "2"}) != "");
    CHECK(fault_of({"subscribe", "subscription-identifier", "268435456"}) != "");
    CHECK(fault_of({"publish", "content-type", "\xFF"}) == "The value of content-type is not UTF-8 text.");
    CHECK(fault_of({"publish", "response-topic", "a/#"}) == "The value of response-topic is not a topic name.");
    CHECK(fault_of({"publish", "content-type", std::string(65536, 'x')}) ==
          "The value of content-type is longer than 65535 bytes.");
    CHECK(fault_of({"publish", "user-property", "a"}) == "user-property needs a name and a value.");
    CHECK(fault_of({"publish", "content-type", "a", "b"}) == "content-type needs one value.");
}

TEST_CASE("a property that may not repeat is refused the second time") {
    PropertyOptions options;
    CHECK(!options.add(Words{"publish", "topic-alias", "1"}));
    CHECK(options.add(Words{"publish", "topic-alias", "2"}) == "topic-alias is given twice.");
}

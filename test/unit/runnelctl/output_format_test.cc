// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/output_format.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "cli/runnelctl/json_message.h"

using namespace runnel;
using namespace runnel::ctl;
using mqtt::PropertyId;

namespace {

// 2020-05-06 22:12:03.004005006 in a time zone of +01:00.
constexpr timespec kReceivedAt{1'588'799'523, 4'005'006};

struct Fixture {
    Fixture() {
        setenv("TZ", "TST-1", 1);
        tzset();
        message.topic = "home/t";
        message.payload = "21.5";
        message.qos = mqtt::QoS::AtLeastOnce;
        message.packet_identifier = 7;
    }

    std::string print(std::string_view text) const {
        const auto format = OutputFormat::parse(text);
        if (!format) return "error: " + format.error();
        std::string out;
        return format->append(out, message, kReceivedAt) ? out : "not JSON";
    }

    void add_properties() {
        mqtt::append_user_property(encoded, "k", "v");
        mqtt::append_user_property(encoded, "k", "w");
        mqtt::append_user_property(encoded, "z", "\"");
        message.properties.set_encoded(encoded, true);
        message.properties.set(PropertyId::ContentType, "text/plain");
        message.properties.set(PropertyId::ResponseTopic, "answer/here");
        message.properties.set(PropertyId::CorrelationData, "c1");
        message.properties.set(PropertyId::MessageExpiryInterval, 60u);
        message.properties.set(PropertyId::PayloadFormatIndicator, 1u);
    }

    mqtt::Publish message;
    std::string encoded;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "letters stand for the parts of a message") {
    CHECK(print("%t %p") == "home/t 21.5");
    CHECK(print("%q|%r|%l|%m|%%") == "1|0|4|7|%");
    CHECK(print("%x %X") == "32312e35 32312E35");
    message.retain = true;
    CHECK(print("%r") == "1");
    CHECK(print("") == "");
}

TEST_CASE_FIXTURE(Fixture, "letters stand for properties, and for nothing where there is none") {
    CHECK(print("<%A%C%D%E%F%P%R%S>") == "<>");
    add_properties();
    CHECK(print("%C|%D|%E|%F|%R") == "text/plain|c1|60|1|answer/here");
    CHECK(print("%P") == "k:v k:w z:\"");
}

TEST_CASE_FIXTURE(Fixture, "every Subscription Identifier of a message is printed") {
    const std::string block{"\x0B\x05\x0B\x80\x01", 5};
    message.properties.set(PropertyId::SubscriptionIdentifier, 5u);
    message.properties.set_encoded(block, false);
    CHECK(print("%S") == "5 128");
    CHECK(print("%j").find("\"subscription-identifier\":[5,128]") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "widths pad and cut as mosquitto_sub does") {
    CHECK(print("%10t|%-10t|%3t") == "    home/t|home/t    |home/t");
    CHECK(print("%.4t|%8.4t|%-8.4t|") == "home|    home|home    |");
    CHECK(print("%05l|%5l|%-5l|%-05l|") == "00004|    4|4    |4    |");
    CHECK(print("%010t") == "    home/t");  // Zeros are for numbers.
    CHECK(print("%.2p") == "21.5");         // Only some are cut.
    CHECK(print("%012x") == "000032312e35");
}

TEST_CASE_FIXTURE(Fixture, "times are those of the receipt, in local time") {
    CHECK(print("%I") == "2020-05-06T22:12:03+0100");
    CHECK(print("%U") == "1588799523.004005006");
    CHECK(print("@Y-@m-@d @H:@M:@S.@N @@") == "2020-05-06 22:12:03.004005006 @");
}

TEST_CASE_FIXTURE(Fixture, "a backslash stands for special characters") {
    CHECK(print("a\\tb\\n\\\\") == "a\tb\n\\");
    CHECK(print("\\0\\a\\e\\r\\v") == std::string("\0\a\033\r\v", 5));
}

TEST_CASE_FIXTURE(Fixture, "a format that means nothing is refused with its reason") {
    for (const char* format : {"%", "%10", "%-", "%.", "@", "\\", "%t %"}) {
        const auto parsed = OutputFormat::parse(format);
        REQUIRE(!parsed);
        CHECK(parsed.error() == "The format ends in the middle of a sequence.");
    }
    CHECK(print("%z") == "error: '%z' means nothing in a format.");
    CHECK(print("\\q") == "error: '\\q' means nothing in a format.");
    CHECK(print("%99999999999999999999t") == "error: A width in the format is above 10000.");
}

TEST_CASE_FIXTURE(Fixture, "%j is a JSON object with the payload as a string") {
    CHECK(print("%j") == R"({"tst":"2020-05-06T22:12:03.004005+0100","topic":"home/t","qos":1,"retain":0,)"
                         R"("payloadlen":4,"mid":7,"payload":"21.5"})");
    message.qos = mqtt::QoS::AtMostOnce;
    CHECK(print("%j").find("mid") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "%j puts a payload that is not UTF-8 into base64") {
    message.payload = std::string_view("\xFF\x00", 2);
    const std::string line = print("%j");
    CHECK(line.find(R"("payload_base64":"/wA=")") != std::string::npos);
    CHECK(line.find(R"("payload":)") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "%j holds the properties, and all values of a repeated user property") {
    add_properties();
    CHECK(print("%j").find(R"("properties":{"user-properties":{"k":["v","w"],"z":"\""},"content-type":"text/plain",)"
                           R"("correlation-data":"c1","response-topic":"answer/here","payload-format-indicator":1,)"
                           R"("message-expiry-interval":60})") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "%J is a JSON object with the payload as JSON, in one line") {
    message.payload = "{\n \"x\": [1, 2]\n}";
    CHECK(print("%J").find(R"("payload":{"x":[1,2]}})") != std::string::npos);
    message.payload = "no";
    CHECK(print("%J") == "not JSON");
}

TEST_CASE_FIXTURE(Fixture, "a message that cannot be printed leaves nothing behind") {
    const auto format = OutputFormat::parse("%t %J");
    message.payload = "no";
    std::string out = "before";
    CHECK(!format->append(out, message, kReceivedAt));
    CHECK(out == "before");
}

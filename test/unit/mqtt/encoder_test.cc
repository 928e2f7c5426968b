// SPDX-License-Identifier: Apache-2.0
// What the golden table cannot say: what is left out or changed for MQTT 3, and shortest forms.
#include "broker/mqtt/encoder.h"

#include <doctest/doctest.h>

using namespace runnel::mqtt;
using namespace std::string_literals;

namespace {

template <class Packet>
std::string encoded(const Packet& packet, ProtocolVersion version) {
    std::string out;
    encode(packet, version, out);
    return out;
}

Properties some_properties() {
    Properties properties;
    properties.set(PropertyId::ReasonString, std::string_view("why"));
    return properties;
}

}  // namespace

TEST_CASE("packets are appended to what is there") {
    std::string out = "before";
    encode_pingresp(out);
    encode(PublishAck{PacketType::Puback, 1, ReasonCode::Success, {}}, ProtocolVersion::V311, out);
    encode_pingreq(out);
    CHECK(out == "before\xd0\0\x40\x02\0\x01\xc0\0"s);
}

TEST_CASE("MQTT 3 has no properties") {
    constexpr auto kV3 = ProtocolVersion::V311;
    const Properties properties = some_properties();
    CHECK(encoded(Publish{false, QoS::AtLeastOnce, false, 7, "t", "x", properties}, kV3) == "\x32\x06\0\x01t\0\x07x"s);
    CHECK(encoded(PublishAck{PacketType::Pubrec, 7, ReasonCode::NotAuthorized, properties}, kV3) == "\x50\x02\0\x07"s);
    CHECK(encoded(Connack{true, ReasonCode::Success, 0, properties}, kV3) == "\x20\x02\x01\0"s);
    CHECK(encoded(Disconnect{ReasonCode::NotAuthorized, properties}, kV3) == "\xe0\0"s);
    CHECK(encoded(Unsubscribe{1, {"f"}, properties}, kV3) == "\xa2\x05\0\x01\0\x01"s + "f");
    const SubscriptionOptions options{QoS::ExactlyOnce, true, true, RetainHandling::SendNever};
    CHECK(encoded(Subscribe{1, {{"f", options}}, properties}, kV3) == "\x82\x06\0\x01\0\x01"s + "f\x02");
    Connect connect;
    connect.version = ProtocolVersion::V31;
    connect.will = WillFields{QoS::AtMostOnce, false, "w", "", properties};
    connect.properties = properties;
    std::string out;
    encode(connect, out);
    CHECK(out == "\x10\x13\0\x06MQIsdp\x03\x06\0\0\0\0\0\x01w\0\0"s);
}

TEST_CASE("errors of SUBACK are 0x80 in MQTT 3, and UNSUBACK has none") {
    const std::vector<ReasonCode> reasons{ReasonCode::Success, ReasonCode::GrantedQoS2, ReasonCode::NotAuthorized,
                                          ReasonCode::TopicFilterInvalid};
    CHECK(encoded(SubscriptionAck{PacketType::Suback, 1, reasons, some_properties()}, ProtocolVersion::V311) ==
          "\x90\x06\0\x01\0\x02\x80\x80"s);
    CHECK(encoded(SubscriptionAck{PacketType::Suback, 1, reasons, {}}, ProtocolVersion::V5) ==
          "\x90\x07\0\x01\0\0\x02\x87\x8f"s);
    CHECK(encoded(SubscriptionAck{PacketType::Unsuback, 1, reasons, some_properties()}, ProtocolVersion::V31) ==
          "\xb0\x02\0\x01"s);
}

TEST_CASE("a refusal never becomes an acceptance in MQTT 3") {
    Connack connack;
    connack.reason = ReasonCode::NotAuthorized;
    CHECK(encoded(connack, ProtocolVersion::V311) == "\x20\x02\0\x05"s);
    connack.return_code = 4;
    CHECK(encoded(connack, ProtocolVersion::V311) == "\x20\x02\0\x04"s);
    CHECK(encoded(connack, ProtocolVersion::V5) == "\x20\x03\0\x87\0"s);
}

TEST_CASE("acknowledgements take their shortest form") {
    constexpr auto kV5 = ProtocolVersion::V5;
    PublishAck ack{PacketType::Pubrel, 1, ReasonCode::Success, {}};
    CHECK(encoded(ack, kV5) == "\x62\x02\0\x01"s);
    ack.reason = ReasonCode::PacketIdentifierNotFound;
    CHECK(encoded(ack, kV5) == "\x62\x03\0\x01\x92"s);
    ack.properties = some_properties();
    CHECK(encoded(ack, kV5) == "\x62\x0a\0\x01\x92\x06\x1f\0\x03why"s);
    ack.reason = ReasonCode::Success;
    CHECK(encoded(ack, kV5) == "\x62\x0a\0\x01\0\x06\x1f\0\x03why"s);
    CHECK(encoded(Disconnect{ReasonCode::Success, {}}, kV5) == "\xe0\0"s);
    CHECK(encoded(Disconnect{ReasonCode::ServerShuttingDown, {}}, kV5) == "\xe0\x01\x8b"s);
}

TEST_CASE("a single Subscription Identifier is set like any other property") {
    Subscribe subscribe{1, {{"f", {}}}, {}};
    subscribe.properties.set(PropertyId::SubscriptionIdentifier, 300u);
    CHECK(encoded(subscribe, ProtocolVersion::V5) == "\x82\x0a\0\x01\x03\x0b\xac\x02\0\x01"s + "f\0"s);
}

TEST_CASE("large payloads follow a header of the right size") {
    for (const size_t size : {100u, 200u, 20'000u, 3'000'000u}) {
        const std::string payload(size, 'p');
        std::string out = encoded(Publish{false, QoS::AtMostOnce, false, 0, "t", payload, {}}, ProtocolVersion::V5);
        const auto length = static_cast<uint32_t>(4 + size);
        CHECK(out.size() == 1 + variable_byte_integer_size(length) + length);
        CHECK(out.ends_with(payload));
    }
}

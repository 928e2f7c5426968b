// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/properties.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "broker/mqtt/decoder.h"
#include "broker/mqtt/encoder.h"

using namespace runnel::mqtt;
using namespace std::string_literals;

namespace {

// What holds properties. The Will Properties lie in a CONNECT, but are a block of their own.
enum class Place {
    Connect,
    Will,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Disconnect,
    Auth
};
constexpr Place kPlaces[] = {Place::Connect,     Place::Will,     Place::Connack,    Place::Publish,   Place::Puback,
                             Place::Pubrec,      Place::Pubrel,   Place::Pubcomp,    Place::Subscribe, Place::Suback,
                             Place::Unsubscribe, Place::Unsuback, Place::Disconnect, Place::Auth};

struct Rule {
    PropertyId id;
    char type;  // b(yte), 2, 4, v(ariable), t(ext), x: Binary Data.
    std::set<Place> places;
};

// Table 2-4, copied from the specification and from nothing of ours. User Property is allowed everywhere.
const std::vector<Rule>& rules() {
    using enum Place;
    using Id = PropertyId;
    static const std::vector<Rule> rules{
        {Id::PayloadFormatIndicator, 'b', {Publish, Will}},
        {Id::MessageExpiryInterval, '4', {Publish, Will}},
        {Id::ContentType, 't', {Publish, Will}},
        {Id::ResponseTopic, 't', {Publish, Will}},
        {Id::CorrelationData, 'x', {Publish, Will}},
        {Id::SubscriptionIdentifier, 'v', {Publish, Subscribe}},
        {Id::SessionExpiryInterval, '4', {Connect, Connack, Disconnect}},
        {Id::AssignedClientIdentifier, 't', {Connack}},
        {Id::ServerKeepAlive, '2', {Connack}},
        {Id::AuthenticationMethod, 't', {Connect, Connack, Auth}},
        {Id::AuthenticationData, 'x', {Connect, Connack, Auth}},
        {Id::RequestProblemInformation, 'b', {Connect}},
        {Id::WillDelayInterval, '4', {Will}},
        {Id::RequestResponseInformation, 'b', {Connect}},
        {Id::ResponseInformation, 't', {Connack}},
        {Id::ServerReference, 't', {Connack, Disconnect}},
        {Id::ReasonString, 't', {Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth}},
        {Id::ReceiveMaximum, '2', {Connect, Connack}},
        {Id::TopicAliasMaximum, '2', {Connect, Connack}},
        {Id::TopicAlias, '2', {Publish}},
        {Id::MaximumQoS, 'b', {Connack}},
        {Id::RetainAvailable, 'b', {Connack}},
        {Id::MaximumPacketSize, '4', {Connect, Connack}},
        {Id::WildcardSubscriptionAvailable, 'b', {Connack}},
        {Id::SubscriptionIdentifierAvailable, 'b', {Connack}},
        {Id::SharedSubscriptionAvailable, 'b', {Connack}},
    };
    return rules;
}

bool is_text(const Rule& rule) {
    return rule.type == 't' || rule.type == 'x';
}

// A value that is not the default of any property.
uint32_t number_for(const Rule& rule) {
    switch (rule.type) {
        case 'b': return 1;
        case '2': return 0xABCD;
        case '4': return 0x89ABCDEF;
        default: return 200'000;
    }
}

void set_property(const Rule& rule, Properties& properties) {
    if (is_text(rule))
        properties.set(rule.id, std::string_view("some/text"));
    else
        properties.set(rule.id, number_for(rule));
    // Authentication Data is nothing without its method.
    if (rule.id == PropertyId::AuthenticationData)
        properties.set(PropertyId::AuthenticationMethod, std::string_view("M"));
}

PublishAck acknowledgement(PacketType type, const Properties& properties) {
    return {type, 1, ReasonCode::Success, properties};
}

// A packet that is valid but for its properties, perhaps.
std::string packet_with(Place place, const Properties& properties) {
    constexpr auto kVersion = ProtocolVersion::V5;
    std::string out;
    Connect connect;
    switch (place) {
        case Place::Connect:
            connect.properties = properties;
            encode(connect, out);
            break;
        case Place::Will:
            connect.will = WillFields{QoS::AtMostOnce, false, "w", "", properties};
            encode(connect, out);
            break;
        case Place::Connack: encode(Connack{false, ReasonCode::Success, 0, properties}, kVersion, out); break;
        case Place::Publish:
            encode(Publish{false, QoS::AtMostOnce, false, 0, "t", "", properties}, kVersion, out);
            break;
        case Place::Puback: encode(acknowledgement(PacketType::Puback, properties), kVersion, out); break;
        case Place::Pubrec: encode(acknowledgement(PacketType::Pubrec, properties), kVersion, out); break;
        case Place::Pubrel: encode(acknowledgement(PacketType::Pubrel, properties), kVersion, out); break;
        case Place::Pubcomp: encode(acknowledgement(PacketType::Pubcomp, properties), kVersion, out); break;
        case Place::Subscribe: encode(Subscribe{1, {{"f", {}}}, properties}, kVersion, out); break;
        case Place::Unsubscribe: encode(Unsubscribe{1, {"f"}, properties}, kVersion, out); break;
        case Place::Suback:
            encode(SubscriptionAck{PacketType::Suback, 1, {ReasonCode::Success}, properties}, kVersion, out);
            break;
        case Place::Unsuback:
            encode(SubscriptionAck{PacketType::Unsuback, 1, {ReasonCode::Success}, properties}, kVersion, out);
            break;
        case Place::Disconnect: encode(Disconnect{ReasonCode::Success, properties}, kVersion, out); break;
        case Place::Auth: encode(Auth{ReasonCode::ContinueAuthentication, properties}, out); break;
    }
    return out;
}

template <class Packet, class Decode>
DecodeError decode_into(Properties& out, Decode decode) {
    Packet packet;
    const DecodeError error = decode(packet);
    out = packet.properties;
    return error;
}

DecodeError decode_connect_into(Place place, const Frame& frame, const DecodeLimits& limits, Properties& out) {
    Connect connect;
    ConnectRefusal refusal;
    const DecodeError error = decode_connect(frame, limits, connect, refusal);
    out = place == Place::Will && connect.will ? connect.will->properties : connect.properties;
    return error;
}

// The other way. `bytes` outlives `out`.
DecodeError properties_of(Place place, const std::string& bytes, Properties& out, const DecodeLimits& limits = {}) {
    constexpr auto kVersion = ProtocolVersion::V5;
    Frame frame;
    const auto* first = reinterpret_cast<const uint8_t*>(bytes.data());
    REQUIRE(read_frame({first, bytes.size()}, kPacketSizeMax, frame) == FrameState::Complete);
    switch (place) {
        case Place::Connect:
        case Place::Will: return decode_connect_into(place, frame, limits, out);
        case Place::Connack:
            return decode_into<Connack>(out, [&](auto& p) { return decode_connack(frame, kVersion, p); });
        case Place::Publish:
            return decode_into<Publish>(out, [&](auto& p) { return decode_publish(frame, kVersion, limits, p); });
        case Place::Subscribe:
            return decode_into<Subscribe>(out, [&](auto& p) { return decode_subscribe(frame, kVersion, limits, p); });
        case Place::Unsubscribe:
            return decode_into<Unsubscribe>(out,
                                            [&](auto& p) { return decode_unsubscribe(frame, kVersion, limits, p); });
        case Place::Suback:
        case Place::Unsuback:
            return decode_into<SubscriptionAck>(out,
                                                [&](auto& p) { return decode_subscription_ack(frame, kVersion, p); });
        case Place::Disconnect:
            return decode_into<Disconnect>(out, [&](auto& p) { return decode_disconnect(frame, kVersion, limits, p); });
        case Place::Auth:
            return decode_into<Auth>(out, [&](auto& p) { return decode_auth(frame, kVersion, limits, p); });
        default:
            return decode_into<PublishAck>(out,
                                           [&](auto& p) { return decode_publish_ack(frame, kVersion, limits, p); });
    }
}

// Without an Authentication Method an AUTH is refused before anything else can be seen of it.
Properties properties_for(Place place) {
    Properties properties;
    if (place == Place::Auth) properties.set(PropertyId::AuthenticationMethod, std::string_view("M"));
    return properties;
}

// The encoded properties without the Property Length: what UNSUBSCRIBE holds between its Packet Identifier and "f".
std::string block_of(const Properties& properties) {
    const std::string bytes = packet_with(Place::Unsubscribe, properties);
    return bytes.substr(5, bytes.size() - 5 - 3);
}

// A small packet written by hand around a block of properties.
std::string packet_around(Place place, const std::string& block) {
    const std::string properties = static_cast<char>(block.size()) + block;
    const auto packet = [](unsigned header, const std::string& body) {
        return std::string{static_cast<char>(header), static_cast<char>(body.size())} + body;
    };
    switch (place) {
        case Place::Connect: return packet(0x10, "\0\4MQTT\5\2\0\0"s + properties + "\0\0"s);
        case Place::Will: return packet(0x10, "\0\4MQTT\5\6\0\0\0\0\0"s + properties + "\0\1w\0\0"s);
        case Place::Connack: return packet(0x20, "\0\0"s + properties);
        case Place::Publish: return packet(0x30, "\0\1t"s + properties);
        case Place::Puback: return packet(0x40, "\0\1\0"s + properties);
        case Place::Pubrec: return packet(0x50, "\0\1\0"s + properties);
        case Place::Pubrel: return packet(0x62, "\0\1\0"s + properties);
        case Place::Pubcomp: return packet(0x70, "\0\1\0"s + properties);
        case Place::Subscribe: return packet(0x82, "\0\1"s + properties + "\0\1f\0"s);
        case Place::Suback: return packet(0x90, "\0\1"s + properties + "\0"s);
        case Place::Unsubscribe: return packet(0xA2, "\0\1"s + properties + "\0\1f"s);
        case Place::Unsuback: return packet(0xB0, "\0\1"s + properties + "\0"s);
        case Place::Disconnect: return packet(0xE0, "\0"s + properties);
        case Place::Auth: return packet(0xF0, "\x18"s + properties);
    }
    return {};
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs user_properties_of(const Properties& properties) {
    Pairs pairs;
    properties.for_each_user_property([&](auto name, auto value) { pairs.emplace_back(name, value); });
    return pairs;
}

std::vector<uint32_t> subscription_identifiers_of(const Properties& properties) {
    std::vector<uint32_t> numbers;
    properties.for_each_subscription_identifier([&](uint32_t number) { numbers.push_back(number); });
    return numbers;
}

}  // namespace

TEST_CASE("every property goes through every packet that may hold it, and is refused in every other") {
    for (const Rule& rule : rules())
        for (const Place place : kPlaces) {
            CAPTURE(name_of(rule.id));
            CAPTURE(static_cast<int>(place));
            Properties properties = properties_for(place);
            set_property(rule, properties);
            const std::string bytes = packet_with(place, properties);
            Properties decoded;
            const DecodeError error = properties_of(place, bytes, decoded);
            if (!rule.places.contains(place)) {
                CHECK(error.reason == ReasonCode::MalformedPacket);
                CHECK(std::string(error.what).ends_with(" is not allowed here"));
                continue;
            }
            REQUIRE_FALSE(error);
            CHECK(decoded.present() == properties.present());
            if (is_text(rule))
                CHECK(decoded.text(rule.id) == "some/text");
            else
                CHECK(decoded.number(rule.id) == number_for(rule));
        }
}

TEST_CASE("User Properties go through every packet in their order") {
    std::string block;
    append_user_property(block, "b", "1");
    append_user_property(block, "", "");
    append_user_property(block, "a", std::string(0xFFFF, 'x'));
    append_user_property(block, "b", "1");
    const Pairs expected{{"b", "1"}, {"", ""}, {"a", std::string(0xFFFF, 'x')}, {"b", "1"}};
    for (const Place place : kPlaces) {
        CAPTURE(static_cast<int>(place));
        Properties properties = properties_for(place);
        properties.set_encoded(block, true);
        const std::string bytes = packet_with(place, properties);
        Properties decoded;
        REQUIRE_FALSE(properties_of(place, bytes, decoded));
        CHECK(user_properties_of(decoded) == expected);
        CHECK(packet_with(place, decoded) == bytes);
    }
}

TEST_CASE("a property that may appear once is refused the second time") {
    for (const Rule& rule : rules())
        for (const Place place : rule.places) {
            CAPTURE(name_of(rule.id));
            CAPTURE(static_cast<int>(place));
            Properties once;
            set_property(rule, once);
            if (rule.id == PropertyId::AuthenticationData) once.erase(PropertyId::AuthenticationMethod);
            const std::string block = block_of(once);
            const std::string bytes = packet_around(place, block + block);
            Properties decoded;
            const DecodeError error = properties_of(place, bytes, decoded);
            if (rule.id == PropertyId::SubscriptionIdentifier && place == Place::Publish) {
                CHECK_FALSE(error);
            } else {
                CHECK(error.reason == ReasonCode::ProtocolError);
                CHECK(std::string(error.what).ends_with(" appears twice"));
            }
        }
}

TEST_CASE("Subscription Identifiers are repeated in PUBLISH and keep their order") {
    const std::vector<uint32_t> numbers{268'435'455, 1, 127, 128, 1};
    Properties properties;
    properties.set(PropertyId::MessageExpiryInterval, 5u);
    properties.subscription_identifiers = numbers;
    const std::string bytes = packet_with(Place::Publish, properties);
    Properties decoded;
    REQUIRE_FALSE(properties_of(Place::Publish, bytes, decoded));
    CHECK(subscription_identifiers_of(decoded) == numbers);
    CHECK(decoded.number(PropertyId::SubscriptionIdentifier) == numbers[0]);
    CHECK(packet_with(Place::Publish, decoded) == bytes);

    decoded.erase(PropertyId::SubscriptionIdentifier);
    CHECK(subscription_identifiers_of(decoded).empty());
    const std::string without = packet_with(Place::Publish, decoded);
    REQUIRE_FALSE(properties_of(Place::Publish, without, decoded));
    CHECK_FALSE(decoded.has(PropertyId::SubscriptionIdentifier));
}

TEST_CASE("a packet may hold so many User Properties and no more") {
    std::string block;
    for (int i = 0; i < 3; ++i)
        append_user_property(block, "n", "v");
    for (const Place place : {Place::Connect, Place::Will, Place::Publish, Place::Puback, Place::Subscribe,
                              Place::Unsubscribe, Place::Disconnect, Place::Auth}) {
        CAPTURE(static_cast<int>(place));
        Properties properties = properties_for(place);
        properties.set_encoded(block, true);
        const std::string bytes = packet_with(place, properties);
        Properties decoded;
        CHECK_FALSE(properties_of(place, bytes, decoded, {.user_properties_max = 3}));
        CHECK(properties_of(place, bytes, decoded, {.user_properties_max = 2}).reason == ReasonCode::QuotaExceeded);
        CHECK(properties_of(place, bytes, decoded, {.user_properties_max = 0}).reason == ReasonCode::QuotaExceeded);
    }
}

TEST_CASE("User Properties of CONNECT and its Will count together") {
    std::string block;
    append_user_property(block, "n", "v");
    Connect connect;
    connect.properties.set_encoded(block, true);
    connect.will = WillFields{QoS::AtMostOnce, false, "w", "", connect.properties};
    std::string bytes;
    encode(connect, bytes);
    Properties decoded;
    CHECK_FALSE(properties_of(Place::Connect, bytes, decoded, {.user_properties_max = 2}));
    CHECK(properties_of(Place::Connect, bytes, decoded, {.user_properties_max = 1}).reason ==
          ReasonCode::QuotaExceeded);
}

TEST_CASE("properties are set, read, erased and cleared") {
    Properties properties;
    CHECK(properties.empty());
    CHECK(properties.number_or(PropertyId::ReceiveMaximum, 65535) == 65535);
    CHECK(properties.text_or(PropertyId::ContentType, "none") == "none");
    properties.set(PropertyId::ReceiveMaximum, 7u).set(PropertyId::ContentType, std::string_view(""));
    CHECK(properties.number(PropertyId::ReceiveMaximum) == 7);
    CHECK(properties.text(PropertyId::ContentType) == "");
    properties.erase(PropertyId::ReceiveMaximum);
    CHECK_FALSE(properties.has(PropertyId::ReceiveMaximum));
    CHECK(properties.has(PropertyId::ContentType));
    properties.clear();
    CHECK(properties.empty());
    CHECK(encoded_size(properties) == 1);
}

TEST_CASE("every property has the slot of no other") {
    std::set<uint8_t> slots;
    for (const Rule& rule : rules())
        slots.insert(Properties::slot_of(rule.id));
    CHECK(slots.size() == rules().size());
    CHECK(*slots.rbegin() == rules().size() - 1);
}

TEST_CASE("the encoded size is that of the block with its length in front") {
    Properties properties;
    properties.set(PropertyId::CorrelationData, std::string_view("0123456789"));
    CHECK(encoded_size(properties) == 1 + 13);
    const std::string long_text(200, 'x');
    properties.set(PropertyId::ContentType, long_text);
    CHECK(encoded_size(properties) == 2 + 13 + 203);
    const std::vector<uint32_t> numbers{1, 128};
    properties.subscription_identifiers = numbers;
    CHECK(encoded_size(properties) == 2 + 13 + 203 + 2 + 3);
}

TEST_CASE("walking a block ends where it is broken and reads nothing outside") {
    std::string block;
    append_user_property(block, "name", "value");
    append_user_property(block, "n", "v");
    for (size_t size = 0; size < block.size(); ++size) {
        const std::vector<char> exact(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size));
        std::string_view rest(exact.data(), exact.size());
        size_t count = 0;
        while (take_property(rest))
            ++count;
        CHECK(count == (size >= 14 ? 1 : 0));
        CHECK(rest.empty());
    }
    std::string_view unknown("\x7f\x01", 2);
    CHECK_FALSE(take_property(unknown));
}

TEST_CASE("names are those of the specification") {
    CHECK(std::string(name_of(PropertyId::SessionExpiryInterval)) == "Session Expiry Interval");
    CHECK(std::string(name_of(PropertyId::MaximumQoS)) == "Maximum QoS");
    CHECK(std::string(name_of(static_cast<PropertyId>(0x04))) == "unknown property");
    CHECK(std::string(name_of(static_cast<PropertyId>(0xFF))) == "unknown property");
}

// SPDX-License-Identifier: Apache-2.0
// What the golden table cannot say: states left by one packet in the next, sizes, refusals of CONNECT.
#include "broker/mqtt/decoder.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "broker/mqtt/encoder.h"

using namespace runnel::mqtt;
using namespace std::string_literals;

namespace {

std::span<const uint8_t> span_of(std::string_view bytes) {
    return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

Frame frame_of(std::string_view bytes) {
    Frame frame;
    REQUIRE(read_frame(span_of(bytes), kPacketSizeMax, frame) == FrameState::Complete);
    return frame;
}

}  // namespace

TEST_CASE("Variable Byte Integers are as long as they must be") {
    struct Border {
        uint32_t value;
        std::string bytes;
    };
    for (const Border& border :
         {Border{0, "\0"s}, Border{1, "\x01"s}, Border{127, "\x7f"s}, Border{128, "\x80\x01"s},
          Border{16'383, "\xff\x7f"s}, Border{16'384, "\x80\x80\x01"s}, Border{2'097'151, "\xff\xff\x7f"s},
          Border{2'097'152, "\x80\x80\x80\x01"s}, Border{268'435'455, "\xff\xff\xff\x7f"s}}) {
        CAPTURE(border.value);
        char bytes[4];
        char* const end = write_variable_byte_integer(bytes, border.value);
        CHECK(std::string_view(bytes, static_cast<size_t>(end - bytes)) == border.bytes);
        CHECK(variable_byte_integer_size(border.value) == border.bytes.size());

        // As the Remaining Length of a frame that has not arrived yet.
        Frame frame;
        const std::string header = "\xc0" + border.bytes;
        const FrameState state = read_frame(span_of(header), kPacketSizeMax, frame);
        CHECK(state == (border.value == 0 ? FrameState::Complete : FrameState::Partial));
        CHECK(frame.size == header.size() + border.value);
    }
}

TEST_CASE("a frame is the front of the stream and nothing more") {
    const std::string stream = "\xc0\0\x30\x04\0\x01tx\xe0\0"s;
    Frame frame = frame_of(stream);
    CHECK(frame.type() == PacketType::Pingreq);
    CHECK(frame.size == 2);
    CHECK(frame.body.empty());
    frame = frame_of(std::string_view(stream).substr(2));
    CHECK(frame.header == 0x30);
    CHECK(frame.size == 6);
    CHECK(frame.body == "\0\x01tx"s);
}

TEST_CASE("a packet that is too large is found on its header") {
    Frame frame;
    CHECK(read_frame(span_of("\x30\x08"s), 10, frame) == FrameState::Partial);
    CHECK(frame.size == 10);
    CHECK(read_frame(span_of("\x30\x09"s), 10, frame) == FrameState::TooLarge);
    CHECK(frame.size == 11);
    CHECK(read_frame(span_of("\x30\xff\xff\xff\x7f"s), kPacketSizeMax, frame) == FrameState::Partial);
    CHECK(frame.size == kPacketSizeMax);
    CHECK(read_frame(span_of("\x30\xff\xff\xff\x7f"s), kPacketSizeMax - 1, frame) == FrameState::TooLarge);
}

TEST_CASE("nothing of one packet is left in the next") {
    Publish publish;
    const std::string rich = "\x3b\x14\0\x01t\0\x0a\x0b\x02\0\0\0\x3c\x26\0\x01k\0\0xyz"s;
    CHECK_FALSE(decode_publish(frame_of(rich), ProtocolVersion::V5, {}, publish));
    CHECK(publish.properties.has(PropertyId::UserProperty));
    CHECK(publish.payload == "xyz");
    CHECK_FALSE(decode_publish(frame_of("\x30\x04\0\x01u\0"s), ProtocolVersion::V5, {}, publish));
    CHECK_FALSE(publish.dup);
    CHECK_FALSE(publish.retain);
    CHECK(publish.qos == QoS::AtMostOnce);
    CHECK(publish.packet_identifier == 0);
    CHECK(publish.properties.empty());
    CHECK(publish.properties.encoded().empty());
    CHECK(publish.payload.empty());
    CHECK_FALSE(decode_publish(frame_of(rich), ProtocolVersion::V5, {}, publish));
    CHECK_FALSE(decode_publish(frame_of("\x30\x03\0\x01v"s), ProtocolVersion::V311, {}, publish));
    CHECK(publish.properties.empty());
}

TEST_CASE("nothing of one CONNECT is left in the next") {
    Connect connect;
    ConnectRefusal refusal;
    const std::string rich = "\x10\x18\0\4MQTT\4\xc6\0\x0a\0\1a\0\1w\0\0\0\1u\0\1p"s;
    CHECK_FALSE(decode_connect(frame_of(rich), {}, connect, refusal));
    CHECK(connect.will);
    CHECK(connect.user_name == "u");
    CHECK(connect.password == "p");
    CHECK_FALSE(decode_connect(frame_of("\x10\x0c\0\4MQTT\4\0\0\0\0\0"s), {}, connect, refusal));
    CHECK_FALSE(connect.will);
    CHECK_FALSE(connect.user_name);
    CHECK_FALSE(connect.password);
    CHECK_FALSE(connect.clean_start);
    CHECK(connect.keep_alive == 0);
}

TEST_CASE("lists begin anew with every packet") {
    Subscribe subscribe;
    const std::string bytes = "\x82\x06\0\1\0\1a\2"s;
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(decode_subscribe(frame_of(bytes), ProtocolVersion::V311, {}, subscribe));
        CHECK(subscribe.requests.size() == 1);
    }
    Unsubscribe unsubscribe;
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(decode_unsubscribe(frame_of("\xa2\x05\0\1\0\1a"s), ProtocolVersion::V311, {}, unsubscribe));
        CHECK(unsubscribe.filters.size() == 1);
    }
    SubscriptionAck ack;
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(decode_subscription_ack(frame_of("\x90\x03\0\1\2"s), ProtocolVersion::V311, ack));
        CHECK(ack.reasons.size() == 1);
    }
}

TEST_CASE("views point into the packet, nothing is copied") {
    const std::string bytes = "\x30\x06\0\x01txyz"s;
    Publish publish;
    CHECK_FALSE(decode_publish(frame_of(bytes), ProtocolVersion::V311, {}, publish));
    CHECK(publish.topic.data() == bytes.data() + 4);
    CHECK(publish.payload.data() == bytes.data() + 5);
}

TEST_CASE("a CONNECT says how it can be answered as soon as it can be known") {
    Connect connect;
    ConnectRefusal refusal;
    CHECK(decode_connect(frame_of("\x10\x07\0\5AMQP\0"s), {}, connect, refusal));
    CHECK(refusal.recognized == ConnectRecognized::No);
    const DecodeError unsupported = decode_connect(frame_of("\x10\x07\0\4MQTT\6"s), {}, connect, refusal);
    CHECK(unsupported.reason == ReasonCode::UnsupportedProtocolVersion);
    CHECK(refusal.recognized == ConnectRecognized::UnsupportedVersion);
    CHECK(refusal.level == 6);
    CHECK(decode_connect(frame_of("\x10\x07\0\4MQTT\5"s), {}, connect, refusal).reason == ReasonCode::MalformedPacket);
    CHECK(refusal.recognized == ConnectRecognized::Yes);
    CHECK(connect.version == ProtocolVersion::V5);
    CHECK(decode_connect(frame_of("\x10\x09\0\6MQIsdp\3"s), {}, connect, refusal));
    CHECK(refusal.recognized == ConnectRecognized::Yes);
    CHECK(connect.version == ProtocolVersion::V31);
    CHECK(decode_connect(frame_of("\x10\0"s), {}, connect, refusal));
    CHECK(refusal.recognized == ConnectRecognized::No);
}

TEST_CASE("Connect Return Codes have the Reason Codes that say the same") {
    Connack connack;
    CHECK_FALSE(decode_connack(frame_of("\x20\2\0\5"s), ProtocolVersion::V311, connack));
    CHECK(connack.return_code == 5);
    CHECK(connack.reason == ReasonCode::NotAuthorized);
    CHECK_FALSE(decode_connack(frame_of("\x20\2\1\0"s), ProtocolVersion::V31, connack));
    CHECK(connack.session_present);
    CHECK(connack.reason == ReasonCode::Success);
}

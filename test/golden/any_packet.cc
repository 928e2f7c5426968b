// SPDX-License-Identifier: Apache-2.0
#include "test/golden/any_packet.h"

namespace runnel::test {

namespace {

using namespace mqtt;

struct Encoder {
    ProtocolVersion version;
    std::string& out;

    void operator()(const Connect& packet) const { encode(packet, out); }
    void operator()(const Auth& packet) const { encode(packet, out); }
    void operator()(const Ping& packet) const {
        packet.type == PacketType::Pingreq ? encode_pingreq(out) : encode_pingresp(out);
    }
    template <class Packet>
    void operator()(const Packet& packet) const {
        encode(packet, version, out);
    }
};

}  // namespace

Decoded decode_any(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits) {
    Decoded result;
    AnyPacket& packet = result.packet;
    switch (frame.type()) {
        case PacketType::Reserved: result.error = {ReasonCode::MalformedPacket, "reserved packet type"}; break;
        case PacketType::Connect:
            result.error = decode_connect(frame, limits, packet.emplace<Connect>(), result.refusal);
            break;
        case PacketType::Connack: result.error = decode_connack(frame, version, packet.emplace<Connack>()); break;
        case PacketType::Publish:
            result.error = decode_publish(frame, version, limits, packet.emplace<Publish>());
            break;
        case PacketType::Puback:
        case PacketType::Pubrec:
        case PacketType::Pubrel:
        case PacketType::Pubcomp:
            result.error = decode_publish_ack(frame, version, limits, packet.emplace<PublishAck>());
            break;
        case PacketType::Subscribe:
            result.error = decode_subscribe(frame, version, limits, packet.emplace<Subscribe>());
            break;
        case PacketType::Unsubscribe:
            result.error = decode_unsubscribe(frame, version, limits, packet.emplace<Unsubscribe>());
            break;
        case PacketType::Suback:
        case PacketType::Unsuback:
            result.error = decode_subscription_ack(frame, version, packet.emplace<SubscriptionAck>());
            break;
        case PacketType::Pingreq:
        case PacketType::Pingresp:
            packet = Ping{frame.type()};
            result.error = decode_ping(frame);
            break;
        case PacketType::Disconnect:
            result.error = decode_disconnect(frame, version, limits, packet.emplace<Disconnect>());
            break;
        case PacketType::Auth: result.error = decode_auth(frame, version, limits, packet.emplace<Auth>()); break;
    }
    return result;
}

std::string encode_any(const AnyPacket& packet, ProtocolVersion version) {
    std::string out;
    std::visit(Encoder{version, out}, packet);
    return out;
}

}  // namespace runnel::test

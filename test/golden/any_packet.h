// SPDX-License-Identifier: Apache-2.0
// Any Control Packet as one value, and one way to decode and encode it, for tests that do not care which it is.
#pragma once

#include <string>
#include <variant>

#include "broker/mqtt/decoder.h"
#include "broker/mqtt/encoder.h"

namespace runnel::test {

// PINGREQ or PINGRESP.
struct Ping {
    mqtt::PacketType type = mqtt::PacketType::Pingreq;
};

using AnyPacket = std::variant<mqtt::Connect, mqtt::Connack, mqtt::Publish, mqtt::PublishAck, mqtt::Subscribe,
                               mqtt::Unsubscribe, mqtt::SubscriptionAck, mqtt::Disconnect, mqtt::Auth, Ping>;

struct Decoded {
    AnyPacket packet;
    mqtt::DecodeError error;
    mqtt::ConnectRefusal refusal;  // Of CONNECT.
};

// Views into the frame, as with the decoders themselves. A frame of the reserved type 0 is malformed.
Decoded decode_any(const mqtt::Frame& frame, mqtt::ProtocolVersion version, const mqtt::DecodeLimits& limits = {});

std::string encode_any(const AnyPacket& packet, mqtt::ProtocolVersion version);

}  // namespace runnel::test

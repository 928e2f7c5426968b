// SPDX-License-Identifier: Apache-2.0
// From bytes to packets. Nothing is copied and nothing is allocated but the lists of SUBSCRIBE and UNSUBSCRIBE; no byte
// outside the given span is read, whatever it holds. Everything the specification calls malformed is found here, and
// every Protocol Error that one packet alone can show. What depends on the state of a connection is the handler's.
#pragma once

#include <cstdint>
#include <span>

#include "broker/mqtt/packets.h"

namespace runnel::mqtt {

// Success, or why a packet was refused. `what` is constant text fit for a Reason String.
struct DecodeError {
    ReasonCode reason = ReasonCode::Success;
    const char* what = "";
    explicit operator bool() const { return reason != ReasonCode::Success; }
};

// One Control Packet as it lies in the input.
struct Frame {
    uint8_t header = 0;     // The first byte: type and flags.
    std::string_view body;  // Variable header and payload.
    size_t size = 0;        // Of the whole packet.
    PacketType type() const { return static_cast<PacketType>(header >> 4); }
};

enum class FrameState : uint8_t {
    Complete,   // `frame` is filled.
    Partial,    // More bytes are needed; frame.size is the whole size if it is already known, else 0.
    Malformed,  // The Remaining Length has a fifth byte or is not the shortest form [MQTT-1.5.5-1].
    TooLarge,   // The packet would be larger than packet_size_max; found on the header.
};

// Looks for one packet at the front of `bytes`.
FrameState read_frame(std::span<const uint8_t> bytes, uint32_t packet_size_max, Frame& frame);

// Bounds that protect the decoder from packets made to be expensive.
struct DecodeLimits {
    uint32_t user_properties_max = 64;
};

// Each checks the fixed-header flags too [MQTT-2.1.3-1]. `version` is that of the connection.
// Both directions are decoded: the broker refuses server packets by their type before it asks.

// Finds the version in the packet itself. `out.version` is set as soon as it is known, so that a refusal can be
// answered in the right form: see ConnectRecognized.
enum class ConnectRecognized : uint8_t {
    No,                  // Not MQTT: close without an answer.
    UnsupportedVersion,  // The name is right, the level is not one of 3, 4, 5: `level` says which.
    Yes,
};
struct ConnectRefusal {
    ConnectRecognized recognized = ConnectRecognized::No;
    uint8_t level = 0;
};
DecodeError decode_connect(const Frame& frame, const DecodeLimits& limits, Connect& out, ConnectRefusal& refusal);
DecodeError decode_connack(const Frame& frame, ProtocolVersion version, Connack& out);
DecodeError decode_publish(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Publish& out);
DecodeError decode_publish_ack(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits,
                               PublishAck& out);
DecodeError decode_subscribe(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Subscribe& out);
DecodeError decode_unsubscribe(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits,
                               Unsubscribe& out);
DecodeError decode_subscription_ack(const Frame& frame, ProtocolVersion version, SubscriptionAck& out);
// PINGREQ and PINGRESP.
DecodeError decode_ping(const Frame& frame);
DecodeError decode_disconnect(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Disconnect& out);
DecodeError decode_auth(const Frame& frame, ProtocolVersion version, const DecodeLimits& limits, Auth& out);

}  // namespace runnel::mqtt

// SPDX-License-Identifier: Apache-2.0
// From a frame to its handler, and the packets that need little.
#include "broker/mqtt/encoder.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ReasonCode;

void Shard::handle_packet(Connection& connection, const mqtt::Frame& frame, Time now) {
    if (connection.stage == Connection::Stage::Authenticating) return handle_early_packet(connection, frame, now);
    switch (frame.type()) {
        case PacketType::Publish: return handle_publish(connection, frame, now);
        case PacketType::Puback:
        case PacketType::Pubrec:
        case PacketType::Pubrel:
        case PacketType::Pubcomp: return handle_publish_ack(connection, frame, now);
        case PacketType::Subscribe: return handle_subscribe(connection, frame, now);
        case PacketType::Unsubscribe: return handle_unsubscribe(connection, frame, now);
        case PacketType::Pingreq: return handle_pingreq(connection, frame, now);
        case PacketType::Disconnect: return handle_disconnect(connection, frame, now);
        case PacketType::Auth: return handle_auth(connection, frame, now);
        case PacketType::Connect:  // [MQTT-3.1.0-2]
            refuse(connection, {ReasonCode::ProtocolError, "a second CONNECT"}, now);
            return;
        case PacketType::Reserved:
            refuse(connection, {ReasonCode::MalformedPacket, "packet type 0 is reserved"}, now);
            return;
        default: refuse(connection, {ReasonCode::ProtocolError, "a packet that only a server sends"}, now);
    }
}

// Before CONNACK of an enhanced authentication only AUTH and DISCONNECT may come [MQTT-3.1.2-30].
void Shard::handle_early_packet(Connection& connection, const mqtt::Frame& frame, Time now) {
    if (frame.type() == PacketType::Auth) return handle_early_auth(connection, frame, now);
    if (frame.type() == PacketType::Disconnect) return close(connection, Ending::WithoutWill, now);
    refuse_connect(connection, ReasonCode::ProtocolError, "only AUTH and DISCONNECT may come before CONNACK", now);
}

// Ends the connection if the packet was refused; true if so.
bool Shard::refuse(Connection& connection, const mqtt::DecodeError& error, Time now) {
    if (!error) return false;
    counters_.protocol_errors.add();
    if (may_log(now)) {
        const bool known = connection.session != nullptr;
        log_.info("connection ended by a broken rule",
                  {{"client", known ? connection.session->session.client_identifier : std::string()},
                   {"address", connection.address.text},
                   {"reason", mqtt::name_of(error.reason)},
                   {"why", error.what}});
    }
    disconnect(connection, error.reason, error.what, now);
    return true;
}

void Shard::handle_pingreq(Connection& connection, const mqtt::Frame& frame, Time now) {
    if (refuse(connection, mqtt::decode_ping(frame), now)) return;
    mqtt::encode_pingresp(scratch_);
    send_packet(connection);
}

void Shard::handle_disconnect(Connection& connection, const mqtt::Frame& frame, Time now) {
    mqtt::Disconnect packet;
    const mqtt::DecodeLimits limits{settings_.max_user_properties};
    if (refuse(connection, mqtt::decode_disconnect(frame, connection.version, limits, packet), now)) return;
    if (!mqtt::is_listed_for_client(frame.type(), packet.reason)) {  // [MQTT-3.14.2-1]
        refuse(connection, {ReasonCode::ProtocolError, "a Reason Code that only a server sends"}, now);
        return;
    }
    session::Session& session = connection.session->session;
    if (packet.properties.has(PropertyId::SessionExpiryInterval)) {
        const uint32_t interval = packet.properties.number(PropertyId::SessionExpiryInterval);
        if (session.expiry_interval == 0 && interval != 0) {
            refuse(connection, {ReasonCode::ProtocolError, "DISCONNECT raises Session Expiry Interval from 0"}, now);
            return;
        }
        session.expiry_interval = std::min(interval, settings_.max_expiry_seconds);
    }
    // Only a normal end takes the Will away [MQTT-3.14.4-3]; of a stored one the client may wait to be sure.
    if (packet.reason == ReasonCode::Success && session.will && session.stored)
        return close_when_stored(connection, now);
    close(connection, packet.reason == ReasonCode::Success ? Ending::WithoutWill : Ending::WithWill, now);
}

void Shard::log_packet(const Connection& connection, std::string_view direction, const mqtt::Frame& frame) const {
    const bool known = connection.session != nullptr;
    const bool secret = frame.type() == PacketType::Connect || frame.type() == PacketType::Auth;
    log_.write(LogLevel::Packets, direction,
               {{"client", known ? connection.session->session.client_identifier : connection.address.text},
                {"packet", mqtt::name_of(frame.type())},
                {"flags", frame.header & 15},
                {"size", frame.size},
                {"body", secret ? std::string_view() : frame.body}});
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
// What the client does with each Control Packet of the broker.
#include "broker/mqtt/encoder.h"
#include "cli/runnelctl/client.h"
#include "cli/runnelctl/clock.h"

namespace runnel::ctl {

using mqtt::DecodeError;
using mqtt::PacketType;
using mqtt::ProtocolVersion;
using mqtt::QoS;
using mqtt::ReasonCode;

namespace {

constexpr mqtt::DecodeLimits kLimits{.user_properties_max = 100'000};
constexpr Duration kGoodbyePatience{500};

}  // namespace

Failure Client::refuse(ReasonCode reason, const std::string& what) {
    if (options_.version == ProtocolVersion::V5 && is_accepted_) {
        mqtt::Disconnect disconnect;
        disconnect.reason = reason;
        encode(disconnect, options_.version, stream_.output);
        stream_.finish(monotonic_now() + kGoodbyePatience);
    }
    return {what, 1, true};
}

std::optional<Failure> Client::handle_packet(const mqtt::Frame& frame) {
    const PacketType type = frame.type();
    debug(std::string("< ") + mqtt::name_of(type));
    if (!is_accepted_ && type != PacketType::Connack && type != PacketType::Auth)
        return refuse(ReasonCode::ProtocolError, "the broker did not answer CONNECT with CONNACK");
    switch (type) {
        case PacketType::Connack: return handle_connack(frame);
        case PacketType::Publish: return handle_publish(frame);
        case PacketType::Puback:
        case PacketType::Pubrec:
        case PacketType::Pubrel:
        case PacketType::Pubcomp: return handle_publish_ack(frame);
        case PacketType::Suback:
        case PacketType::Unsuback: return handle_subscription_ack(frame);
        case PacketType::Pingresp: ping_sent_ = Time::never(); return std::nullopt;
        case PacketType::Disconnect: return handle_disconnect(frame);
        case PacketType::Auth: return handle_auth(frame);
        default: break;
    }
    return refuse(ReasonCode::ProtocolError, std::string("the broker sent ") + mqtt::name_of(type));
}

std::optional<Failure> Client::handle_connack(const mqtt::Frame& frame) {
    mqtt::Connack connack;
    if (is_accepted_) return refuse(ReasonCode::ProtocolError, "the broker sent a second CONNACK");
    if (const auto error = decode_any_connack(frame, options_.version, connack))
        return refuse(error.reason, std::string("malformed CONNACK: ") + error.what);
    if (auto refusal = refusal_of(connack, options_.version)) return refusal;
    is_accepted_ = true;
    take_limits(connack);
    resume(connack.session_present);
    return std::nullopt;
}

// Topic Alias of the broker, which it uses only if -D connect topic-alias-maximum allows it.
bool Client::resolve_alias(mqtt::Publish& publish) {
    if (!publish.properties.has(mqtt::PropertyId::TopicAlias)) return !publish.topic.empty();
    std::string& topic = aliases_[publish.properties.number(mqtt::PropertyId::TopicAlias)];
    if (!publish.topic.empty()) topic = publish.topic;
    publish.topic = topic;
    return !topic.empty();
}

std::optional<Failure> Client::handle_publish(const mqtt::Frame& frame) {
    mqtt::Publish publish;
    if (const auto error = decode_publish(frame, options_.version, kLimits, publish))
        return refuse(error.reason, std::string("malformed PUBLISH: ") + error.what);
    if (!resolve_alias(publish)) return refuse(ReasonCode::ProtocolError, "PUBLISH without a topic");
    if (!wants_messages_) return std::nullopt;
    const bool is_new = publish.qos != QoS::ExactlyOnce || incoming_.insert(publish.packet_identifier).second;
    if (is_new) wants_messages_ = listener_.message_received(publish);
    if (publish.qos == QoS::AtLeastOnce) acknowledge(PacketType::Puback, publish.packet_identifier);
    if (publish.qos == QoS::ExactlyOnce) acknowledge(PacketType::Pubrec, publish.packet_identifier);
    return std::nullopt;
}

void Client::acknowledge(PacketType type, mqtt::PacketIdentifier identifier) {
    const auto target = type == PacketType::Puback   ? PropertyTarget::Puback
                        : type == PacketType::Pubrec ? PropertyTarget::Pubrec
                        : type == PacketType::Pubrel ? PropertyTarget::Pubrel
                                                     : PropertyTarget::Pubcomp;
    mqtt::PublishAck ack;
    ack.type = type;
    ack.packet_identifier = identifier;
    ack.properties = options_.properties.of(target).view();
    debug(std::string("> ") + mqtt::name_of(type));
    encode(ack, options_.version, stream_.output);
}

std::optional<Failure> Client::handle_publish_ack(const mqtt::Frame& frame) {
    mqtt::PublishAck ack;
    if (const auto error = decode_publish_ack(frame, options_.version, kLimits, ack))
        return refuse(error.reason, std::string("malformed acknowledgement: ") + error.what);
    if (ack.type == PacketType::Pubrel) {
        incoming_.erase(ack.packet_identifier);
        acknowledge(PacketType::Pubcomp, ack.packet_identifier);
    } else {
        take_outgoing_ack(ack);
    }
    return std::nullopt;
}

// What does not fit to anything we sent belongs to a session of an earlier run and needs no answer but PUBREL.
void Client::take_outgoing_ack(const mqtt::PublishAck& ack) {
    const auto outgoing = outgoing_.find(ack.packet_identifier);
    if (ack.type == PacketType::Pubrec && !is_error(ack.reason)) {
        if (outgoing != outgoing_.end()) outgoing->second.is_released = true;
        return acknowledge(PacketType::Pubrel, ack.packet_identifier);
    }
    if (outgoing == outgoing_.end()) return;
    outgoing_.erase(outgoing);
    listener_.publish_acknowledged(ack);
}

std::optional<Failure> Client::handle_subscription_ack(const mqtt::Frame& frame) {
    mqtt::SubscriptionAck ack;
    if (const auto error = decode_subscription_ack(frame, options_.version, ack))
        return refuse(error.reason, std::string("malformed SUBACK or UNSUBACK: ") + error.what);
    if (requests_.erase(ack.packet_identifier) != 0) listener_.subscription_acknowledged(ack);
    return std::nullopt;
}

std::optional<Failure> Client::handle_disconnect(const mqtt::Frame& frame) {
    mqtt::Disconnect disconnect;
    if (const auto error = decode_disconnect(frame, options_.version, kLimits, disconnect))
        return refuse(error.reason, std::string("malformed DISCONNECT: ") + error.what);
    return failure_of(disconnect);
}

std::optional<Failure> Client::handle_auth(const mqtt::Frame&) {
    return refuse(ReasonCode::BadAuthenticationMethod,
                  "the broker goes on with enhanced authentication, which runnelctl does not speak yet");
}

}  // namespace runnel::ctl

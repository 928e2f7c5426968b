// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/probe.h"

#include "test/simulation/rules.h"
#include "test/simulation/world.h"

namespace runnel::simulation {

using mqtt::PacketType;
using mqtt::QoS;

void Probe::begin() {
    mqtt::Connect connect;
    connect.client_identifier = identifier_;
    open_link(mqtt::ProtocolVersion::V5, true);
    send(connect);
}

void Probe::handle(const test::AnyPacket& packet) {
    if (const auto* connack = std::get_if<mqtt::Connack>(&packet)) return handle_connack(*connack);
    if (const auto* suback = std::get_if<mqtt::SubscriptionAck>(&packet)) {
        for (const mqtt::ReasonCode reason : suback->reasons)
            if (mqtt::is_error(reason)) world_.complain("a steady client is welcome", identifier_);
        subscribed_ = true;
    }
    if (const auto* ack = std::get_if<mqtt::PublishAck>(&packet)) {
        if (ack->type == PacketType::Puback) answers_.push_back(ack->reason);
        if (ack->type == PacketType::Pubrel)
            send(mqtt::PublishAck{PacketType::Pubcomp, ack->packet_identifier, mqtt::ReasonCode::Success, {}});
    }
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr) return;
    heard_.push_back({std::string(publish->topic), std::string(publish->payload), publish->retain});
    const PacketType type = publish->qos == QoS::ExactlyOnce ? PacketType::Pubrec : PacketType::Puback;
    if (publish->qos != QoS::AtMostOnce)
        send(mqtt::PublishAck{type, publish->packet_identifier, mqtt::ReasonCode::Success, {}});
}

void Probe::handle_connack(const mqtt::Connack& packet) {
    if (mqtt::is_error(packet.reason)) return world_.complain("a steady client is welcome", identifier_);
    keep_alive_ = static_cast<uint16_t>(packet.properties.number_or(mqtt::PropertyId::ServerKeepAlive, 0));
    if (keep_alive_ != 0) ping();
    if (!filters_.empty()) subscribe();
}

void Probe::subscribe() {
    mqtt::Subscribe packet;
    packet.packet_identifier = 1;
    for (const std::string& filter : filters_)
        packet.requests.push_back({filter, {QoS::ExactlyOnce, false, false, {}}});
    subscribed_at_ = world_.schedule().now();
    send(packet);
}

void Probe::ping() {
    if (ended_) return;
    send(test::Ping{});
    world_.schedule().after(int64_t{keep_alive_} * 500, [this] { ping(); });
}

void Probe::publish(const std::string& topic) {
    mqtt::Publish packet;
    packet.qos = QoS::AtLeastOnce;
    packet.packet_identifier = ++last_identifier_;
    packet.topic = topic;
    packet.payload = "?";
    send(packet);
}

void Probe::leave() {
    send(mqtt::Disconnect{});
    finish_link();
}

void Intruder::begin(const std::string& identifier, mqtt::ProtocolVersion version) {
    mqtt::Connect connect;
    connect.version = version;
    connect.client_identifier = identifier;
    connect.user_name = kIntruder;
    open_link(version);
    send(connect);
}

void Intruder::handle(const test::AnyPacket& packet) {
    const auto* connack = std::get_if<mqtt::Connack>(&packet);
    if (connack == nullptr || !is_linked()) return;
    if (!mqtt::is_error(connack->reason) && connack->return_code == 0) send(mqtt::Disconnect{});
    finish_link();
}

}  // namespace runnel::simulation

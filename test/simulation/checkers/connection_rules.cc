// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/checkers/connection_rules.h"

#include <algorithm>

namespace runnel::simulation {

using mqtt::PacketType;
using mqtt::QoS;

namespace {

std::string name_of(const Tapped& tapped) {
    return tapped.client_identifier + " on link " + std::to_string(tapped.link);
}

}  // namespace

void NothingOutOfPlace::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    const bool connack = std::holds_alternative<mqtt::Connack>(packet);
    const bool auth = std::holds_alternative<mqtt::Auth>(packet) && tapped.terms.enhanced_authentication;
    if (!tapped.connect_received) complain("a packet before CONNECT to " + name_of(tapped));
    if (connack && tapped.answered) complain("a second CONNACK to " + name_of(tapped));
    if (!connack && !auth && !tapped.accepted) complain("a packet without CONNACK to " + name_of(tapped));
    if (!connack && tapped.answered && !tapped.accepted) complain("a packet behind a refusal to " + name_of(tapped));
    if (tapped.broker_said_goodbye) complain("a packet behind DISCONNECT to " + name_of(tapped));
    if (tapped.ended) complain("a packet behind the end to " + name_of(tapped));
    if (tapped.packet_size > tapped.terms.maximum_packet_size)
        complain("a packet larger than Maximum Packet Size to " + name_of(tapped));
}

void EverythingIsAnswered::packet_received(Tapped& tapped, const test::AnyPacket& packet) {
    Asked& asked = open_[tapped.link];
    if (const auto* publish = std::get_if<mqtt::Publish>(&packet)) {
        if (publish->qos == QoS::AtLeastOnce) asked[PacketType::Puback].push_back(publish->packet_identifier);
        if (publish->qos == QoS::ExactlyOnce) asked[PacketType::Pubrec].push_back(publish->packet_identifier);
    } else if (const auto* ack = std::get_if<mqtt::PublishAck>(&packet)) {
        if (ack->type == PacketType::Pubrel) asked[PacketType::Pubcomp].push_back(ack->packet_identifier);
        if (ack->type == PacketType::Pubrec && !mqtt::is_error(ack->reason))
            asked[PacketType::Pubrel].push_back(ack->packet_identifier);
    } else if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&packet)) {
        asked[PacketType::Suback].push_back(subscribe->packet_identifier);
    } else if (const auto* unsubscribe = std::get_if<mqtt::Unsubscribe>(&packet)) {
        asked[PacketType::Unsuback].push_back(unsubscribe->packet_identifier);
    } else if (std::holds_alternative<test::Ping>(packet)) {
        asked[PacketType::Pingresp].push_back(0);
    }
}

void EverythingIsAnswered::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    if (const auto* ack = std::get_if<mqtt::PublishAck>(&packet)) answered(tapped, ack->type, ack->packet_identifier);
    if (const auto* ack = std::get_if<mqtt::SubscriptionAck>(&packet))
        answered(tapped, ack->type, ack->packet_identifier);
    if (std::holds_alternative<test::Ping>(packet)) answered(tapped, PacketType::Pingresp, 0);
}

void EverythingIsAnswered::answered(const Tapped& tapped, PacketType type, mqtt::PacketIdentifier identifier) {
    std::deque<mqtt::PacketIdentifier>& asked = open_[tapped.link][type];
    if (!asked.empty() && asked.front() == identifier) return asked.pop_front();
    // A PUBREL may be sent again after a reconnect, without being asked for.
    const bool out_of_order = std::find(asked.begin(), asked.end(), identifier) != asked.end();
    const bool may_resume = tapped.session_present || tapped.incarnation == kUnknownIncarnation;
    if (type == PacketType::Pubrel && !out_of_order && may_resume) return;
    complain(std::string(mqtt::name_of(type)) + " " + std::to_string(identifier) +
             (out_of_order ? " out of order to " : " unasked to ") + name_of(tapped));
}

void EverythingIsAnswered::settled() {
    for (const auto& [link, by_type] : open_)
        for (const auto& [type, asked] : by_type)
            if (!asked.empty()) complain("link " + std::to_string(link) + " still waits for " + mqtt::name_of(type));
}

void ReceiveMaximumIsKept::packet_received(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* ack = std::get_if<mqtt::PublishAck>(&packet);
    if (ack == nullptr || ack->type == PacketType::Pubrel) return;
    if (ack->type == PacketType::Pubrec && !mqtt::is_error(ack->reason)) return;
    in_flight_[tapped.link].erase(ack->packet_identifier);
}

void ReceiveMaximumIsKept::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr || publish->qos == QoS::AtMostOnce) return;
    std::set<mqtt::PacketIdentifier>& in_flight = in_flight_[tapped.link];
    in_flight.insert(publish->packet_identifier);
    const uint32_t most = std::min<uint32_t>(tapped.terms.receive_maximum, scenario().settings.max_inflight);
    if (in_flight.size() > most)
        complain(std::to_string(in_flight.size()) + " in flight to " + name_of(tapped) + ", at most " +
                 std::to_string(most));
}

void KeepAliveIsExact::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* disconnect = std::get_if<mqtt::Disconnect>(&packet);
    if (disconnect == nullptr || disconnect->reason != mqtt::ReasonCode::KeepAliveTimeout) return;
    const Duration silence = now() - tapped.last_received;
    if (tapped.keep_alive == 0 || silence < Duration{int64_t{tapped.keep_alive} * 1500})
        complain(name_of(tapped) + " was cut off after " + std::to_string(silence.ms) + " ms");
}

void KeepAliveIsExact::turn_ended() {
    for (const auto& [link, tapped] : open_) {
        if (!tapped->accepted || tapped->keep_alive == 0) continue;
        if (now() - tapped->last_handled > Duration{int64_t{tapped->keep_alive} * 1500 + kSlackMs})
            complain(name_of(*tapped) + " is silent for too long");
    }
}

}  // namespace runnel::simulation

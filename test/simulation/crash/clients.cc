// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/crash/clients.h"

#include <algorithm>
#include <charconv>

namespace runnel::simulation {

using mqtt::PacketType;
using mqtt::QoS;

namespace {

constexpr uint32_t kExpiry_s = 3600;

}  // namespace

void DurableClient::complain(const char* promise, const std::string& what) {
    complaints_.add(broker_.now(), promise, identifier_ + ": " + what);
}

void DurableClient::send(const test::AnyPacket& packet) {
    if (wire_ != nullptr) broker_.send(*wire_, test::encode_any(packet, mqtt::ProtocolVersion::V5));
}

void DurableClient::cut() {
    if (wire_ == nullptr) return;
    Wire* wire = std::exchange(wire_, nullptr);
    is_welcome_ = false;
    input_.clear();
    broker_.cut(*wire);
}

bool DurableClient::act() {
    if (wire_ != nullptr) {
        const bool has_input = !wire_->to_client.empty() || !wire_->is_open;
        read(std::exchange(wire_->to_client, {}));
        if (wire_ != nullptr && !wire_->is_open) {
            wire_ = nullptr;
            is_welcome_ = false;
            input_.clear();
        }
        return has_input;
    }
    wire_ = broker_.connect();
    mqtt::Connect connect;
    connect.client_identifier = identifier_;
    connect.clean_start = false;
    connect.properties.set(mqtt::PropertyId::SessionExpiryInterval, kExpiry_s);
    shape(connect);
    send(connect);
    return true;
}

void DurableClient::read(std::string bytes) {
    input_ += bytes;
    while (wire_ != nullptr && !input_.empty()) {
        mqtt::Frame frame;
        const auto read_from = [&](const std::string& from) {
            return mqtt::read_frame({reinterpret_cast<const uint8_t*>(from.data()), from.size()}, mqtt::kPacketSizeMax,
                                    frame);
        };
        if (read_from(input_) != mqtt::FrameState::Complete) return;
        const std::string packet = input_.substr(0, frame.size);
        input_.erase(0, frame.size);
        read_from(packet);
        const test::Decoded decoded = test::decode_any(frame, mqtt::ProtocolVersion::V5);
        if (decoded.error) return complain("packets are well-formed", decoded.error.what);
        if (const auto* connack = std::get_if<mqtt::Connack>(&decoded.packet))
            handle_connack(*connack);
        else
            handle(decoded.packet);
    }
}

void DurableClient::handle_connack(const mqtt::Connack& packet) {
    if (mqtt::is_error(packet.reason)) return complain("clients are welcome", mqtt::name_of(packet.reason));
    if (was_welcome_ && is_durable() && !packet.session_present)
        complain("Session Present tells the truth", "the Session has gone");
    is_welcome_ = was_welcome_ = true;
    resume(packet.session_present);
}

void DurablePublisher::publish() {
    constexpr size_t kOpenMax = 8;
    if (!is_welcome() || open_.size() >= kOpenMax) return;
    Exchange exchange;
    const auto used = [&](const Exchange& other) { return other.identifier == exchange.identifier; };
    do
        ++exchange.identifier;
    while (std::any_of(open_.begin(), open_.end(), used));
    exchange.number = ++last_;
    open_.push_back(exchange);
    send_publish(exchange, false);
}

void DurablePublisher::send_publish(const Exchange& exchange, bool dup) {
    const std::string payload = std::to_string(exchange.number);
    mqtt::Publish packet;
    packet.topic = topic_;
    packet.payload = payload;
    packet.qos = qos_;
    packet.retain = retain_;
    packet.dup = dup;
    packet.packet_identifier = exchange.identifier;
    send(packet);
}

void DurablePublisher::resume(bool) {
    const std::vector<Exchange> open = open_;
    for (const Exchange& exchange : open) {
        if (exchange.released)
            send(mqtt::PublishAck{PacketType::Pubrel, exchange.identifier, mqtt::ReasonCode::Success, {}});
        else
            send_publish(exchange, true);
    }
}

void DurablePublisher::handle(const test::AnyPacket& packet) {
    const auto* ack = std::get_if<mqtt::PublishAck>(&packet);
    if (ack == nullptr) return;
    const auto at = std::find_if(open_.begin(), open_.end(), [&](const Exchange& exchange) {
        return exchange.identifier == ack->packet_identifier;
    });
    if (at == open_.end()) return complain("only what was sent is acknowledged", "Packet Identifier unknown");
    const bool refused = mqtt::is_error(ack->reason) && ack->type != PacketType::Pubcomp;
    if (refused) {
        open_.erase(at);
        return;
    }
    if (ack->type != PacketType::Pubcomp && !at->released) {
        acknowledged_.insert(at->number);
        last_acknowledged_ = std::max(last_acknowledged_, at->number);
    }
    if (ack->type == PacketType::Pubrec) {
        at->released = true;
        return send(mqtt::PublishAck{PacketType::Pubrel, at->identifier, mqtt::ReasonCode::Success, {}});
    }
    open_.erase(at);
}

void DurableSubscriber::shape(mqtt::Connect& connect) const {
    connect.properties.set(mqtt::PropertyId::ReceiveMaximum, receive_maximum_);
}

void DurableSubscriber::resume(bool) {
    if (!is_subscribed_) subscribe();
}

void DurableSubscriber::subscribe() {
    mqtt::Subscribe packet;
    packet.packet_identifier = 1;
    packet.requests.push_back({filter_, {qos_, false, false, mqtt::RetainHandling::SendNever}});
    send(packet);
}

void DurableSubscriber::unsubscribe() {
    mqtt::Unsubscribe packet;
    packet.packet_identifier = 1;
    packet.filters.push_back(filter_);
    send(packet);
}

void DurableSubscriber::forget() {
    is_subscribed_ = false;
    unreleased_.clear();
    received_.clear();
}

void DurableSubscriber::handle(const test::AnyPacket& packet) {
    if (const auto* ack = std::get_if<mqtt::SubscriptionAck>(&packet)) is_subscribed_ = ack->type == PacketType::Suback;
    if (const auto* ack = std::get_if<mqtt::PublishAck>(&packet); ack != nullptr && ack->type == PacketType::Pubrel) {
        unreleased_.erase(ack->packet_identifier);
        send(mqtt::PublishAck{PacketType::Pubcomp, ack->packet_identifier, mqtt::ReasonCode::Success, {}});
    }
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr) return;
    const bool again = publish->qos == QoS::ExactlyOnce && !unreleased_.insert(publish->packet_identifier).second;
    if (again && !publish->dup)
        complain("a Packet Identifier in flight is not used for anything else", std::string(publish->payload));
    if (!again) arrived(*publish);
    const PacketType answer = publish->qos == QoS::ExactlyOnce ? PacketType::Pubrec : PacketType::Puback;
    if (publish->qos != QoS::AtMostOnce)
        send(mqtt::PublishAck{answer, publish->packet_identifier, mqtt::ReasonCode::Success, {}});
}

void DurableSubscriber::arrived(const mqtt::Publish& packet) {
    uint32_t number = 0;
    std::from_chars(packet.payload.data(), packet.payload.data() + packet.payload.size(), number);
    std::vector<uint32_t>& numbers = received_[std::string(packet.topic)];
    const bool known = std::find(numbers.begin(), numbers.end(), number) != numbers.end();
    const std::string what = std::string(packet.topic) + " " + std::to_string(number);
    if (known && packet.qos == QoS::ExactlyOnce) complain("QoS 2 comes exactly once", what);
    if (is_ordered_ && !known && !numbers.empty() && number < *std::max_element(numbers.begin(), numbers.end()))
        complain("order is kept", what + " after " + std::to_string(numbers.back()) + " at QoS " +
                                      std::to_string(static_cast<int>(packet.qos)) + (packet.dup ? " dup" : ""));
    numbers.push_back(number);
}

void FickleSubscriber::change_mind() {
    if (!is_welcome() || asks_) return;
    asks_ = true;
    wants_ = !wants_;
    wants_ ? subscribe() : unsubscribe();
}

void FickleSubscriber::resume(bool session_present) {
    if (!session_present) {
        forget();
        asks_ = wants_;
    }
    if (asks_) wants_ ? subscribe() : unsubscribe();
}

void FickleSubscriber::handle(const test::AnyPacket& packet) {
    if (std::holds_alternative<mqtt::SubscriptionAck>(packet)) asks_ = false;
    DurableSubscriber::handle(packet);
}

void PassingSubscriber::shape(mqtt::Connect& connect) const {
    connect.clean_start = true;
    connect.properties.set(mqtt::PropertyId::SessionExpiryInterval, 0);
}

}  // namespace runnel::simulation

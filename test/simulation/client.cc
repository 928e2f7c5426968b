// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/client.h"

#include <algorithm>

#include "broker/mqtt/topic.h"
#include "test/simulation/rules.h"
#include "test/simulation/world.h"

namespace runnel::simulation {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::QoS;
using mqtt::ReasonCode;

Client::Client(World& world, std::string identifier, uint64_t seed)
    : Endpoint(world), identifier_(std::move(identifier)), chance_(seed) {
    actions_left_ = world.scenario().actions;
    uses_shared_ = chance_.percent(60);
}

void Client::handle(const test::AnyPacket& packet) {
    if (const auto* connack = std::get_if<mqtt::Connack>(&packet)) return handle_connack(*connack);
    if (const auto* auth = std::get_if<mqtt::Auth>(&packet)) return handle_auth(*auth);
    if (const auto* publish = std::get_if<mqtt::Publish>(&packet)) return handle_publish(*publish);
    if (const auto* ack = std::get_if<mqtt::PublishAck>(&packet)) return handle_publish_ack(*ack);
    if (const auto* ack = std::get_if<mqtt::SubscriptionAck>(&packet)) return handle_subscription_ack(*ack);
}

void Client::link_ended() {
    connected_ = false;
    answers_.clear();
    requests_.clear();
    aliases_in_.clear();
    aliases_out_.clear();
    const int64_t pause = chance_.percent(10) ? 15'000 : chance_.one_of({0, 300, 3000});
    reconnects_at_ = world_.schedule().now() + Duration{chance_.between(0, mood_ == Mood::Busy ? pause : 100)};
}

void Client::handle_connack(const mqtt::Connack& packet) {
    const bool v5 = version_ == ProtocolVersion::V5;
    if (v5 ? mqtt::is_error(packet.reason) : packet.return_code != 0) return;
    connected_ = true;
    const Tapped& tapped = link_->tapped;
    if (tapped.incarnation == kUnknownIncarnation) {
        must_start_clean_ = true;
        return cut_link();
    }
    may_be_kept_ = tapped.session_expiry != 0;
    must_start_clean_ = false;
    keep_alive_ = tapped.keep_alive;
    receive_maximum_ = packet.properties.number_or(PropertyId::ReceiveMaximum, 65'535);
    maximum_packet_size_ = packet.properties.number_or(PropertyId::MaximumPacketSize, mqtt::kPacketSizeMax);
    alias_maximum_ = packet.properties.number_or(PropertyId::TopicAliasMaximum, 0);
    if (!v5) {
        receive_maximum_ = world_.scenario().settings.receive_maximum;
        maximum_packet_size_ = world_.scenario().settings.max_packet_size;
    }
    const bool same = tapped.session_present && tapped.incarnation == incarnation_;
    if (!same) session_lost();
    incarnation_ = tapped.incarnation;
    SubscriberSession& record = session();
    record.incarnation = incarnation_;
    record.client_identifier = tapped.client_identifier;
    record.maximum_packet_size = std::min(record.maximum_packet_size, own_maximum_packet_size_);
    if (same) resend();
}

void Client::handle_auth(const mqtt::Auth&) {
    mqtt::Auth reply;
    reply.reason = ReasonCode::ContinueAuthentication;
    reply.properties.set(PropertyId::AuthenticationMethod, kAuthenticationMethod);
    reply.properties.set(PropertyId::AuthenticationData, kAnswer);
    if (!connected_) send(reply);
}

// What this side knew of the Session is worth nothing any more.
void Client::session_lost() {
    for (const Outgoing& outgoing : outgoing_)
        world_.ledger().find(outgoing.number)->abandoned = world_.ledger().now(world_.schedule().now());
    outgoing_.clear();
    received_.clear();
    if (incarnation_ != 0) session().alive = false;
    incarnation_ = 0;
}

SubscriberSession& Client::session() {
    return world_.ledger().session(incarnation_);
}

Client::Outgoing* Client::find_outgoing(mqtt::PacketIdentifier identifier) {
    const auto at = std::find_if(outgoing_.begin(), outgoing_.end(),
                                 [&](const Outgoing& outgoing) { return outgoing.identifier == identifier; });
    return at == outgoing_.end() ? nullptr : &*at;
}

mqtt::PacketIdentifier Client::free_identifier() {
    do {
        if (++last_identifier_ == 0) last_identifier_ = 1;
    } while (find_outgoing(last_identifier_) != nullptr || requests_.contains(last_identifier_));
    return last_identifier_;
}

// [MQTT-4.4.0-1] [MQTT-4.6.0-1]
void Client::resend() {
    std::vector<Outgoing> released;
    for (const Outgoing& outgoing : outgoing_)
        if (outgoing.step == Step::Pubcomp) released.push_back(outgoing);
    std::sort(released.begin(), released.end(),
              [](const Outgoing& a, const Outgoing& b) { return a.pubrec_order < b.pubrec_order; });
    for (const Outgoing& outgoing : released)
        send(mqtt::PublishAck{PacketType::Pubrel, outgoing.identifier, ReasonCode::Success, {}});
    for (const Outgoing& outgoing : outgoing_)
        if (outgoing.step != Step::Pubcomp)
            send_publish(*world_.ledger().find(outgoing.number), outgoing.identifier, true);
}

void Client::send_publish(const PublishedMessage& message, mqtt::PacketIdentifier identifier, bool dup) {
    mqtt::Publish packet;
    packet.dup = dup;
    packet.qos = message.qos;
    packet.retain = message.retain;
    packet.packet_identifier = identifier;
    packet.topic = message.topic;
    const std::string payload = payload_of(message);
    packet.payload = payload;
    const std::string content_type = "type/" + std::to_string(message.number);
    if (message.expiry) packet.properties.set(PropertyId::MessageExpiryInterval, *message.expiry);
    if (message.has_content_type) packet.properties.set(PropertyId::ContentType, content_type);
    if (alias_maximum_ != 0 && chance_.percent(50)) {
        const auto known = aliases_out_.find(message.topic);
        if (known != aliases_out_.end()) {
            packet.properties.set(PropertyId::TopicAlias, known->second);
            packet.topic = {};
        } else if (aliases_out_.size() < alias_maximum_) {
            const auto alias = static_cast<uint16_t>(aliases_out_.size() + 1);
            aliases_out_[message.topic] = alias;
            packet.properties.set(PropertyId::TopicAlias, alias);
        }
    }
    PublishedMessage& sent = *world_.ledger().find(message.number);
    ++sent.sends;
    if (!sent.first_sent.has_come()) sent.first_sent = world_.ledger().now(world_.schedule().now());
    if (is_linked()) world_.ledger().publish_sent(link_->tapped.link, message.number);
    send(packet);
}

std::string_view Client::resolve_alias(const mqtt::Publish& packet) {
    if (!packet.properties.has(PropertyId::TopicAlias)) return packet.topic;
    const auto alias = static_cast<uint16_t>(packet.properties.number(PropertyId::TopicAlias));
    if (alias == 0 || alias > own_alias_maximum_)
        world_.complain("Topic Aliases keep within Topic Alias Maximum", identifier_);
    std::string& topic = aliases_in_[alias];
    if (!packet.topic.empty()) topic = packet.topic;
    return topic;
}

void Client::handle_publish(const mqtt::Publish& packet) {
    if (!connected_) return world_.complain("nothing is sent before CONNACK", identifier_);
    const std::string_view topic = resolve_alias(packet);
    switch (packet.qos) {
        case QoS::AtMostOnce: return arrived(packet, topic);
        case QoS::AtLeastOnce:
            arrived(packet, topic);
            return answer(PacketType::Puback, packet.packet_identifier, number_in(packet.payload));
        case QoS::ExactlyOnce:
            if (received_.insert(packet.packet_identifier).second) arrived(packet, topic);
            return answer(PacketType::Pubrec, packet.packet_identifier, number_in(packet.payload));
    }
}

void Client::arrived(const mqtt::Publish& packet, std::string_view topic) {
    if (packet.payload.empty()) return;  // A Retained Message was erased: such a message has no number.
    const PublishedMessage* message = world_.ledger().find(number_in(packet.payload));
    if (message == nullptr || message->topic != topic || packet.payload != payload_of(*message))
        return world_.complain(
            "messages arrive as they were published",
            identifier_ + " got \"" + std::string(packet.payload.substr(0, 20)) + "\" on " + std::string(topic));
    if (version_ == ProtocolVersion::V5 && message->has_content_type &&
        packet.properties.text_or(PropertyId::ContentType, {}) != "type/" + std::to_string(message->number))
        world_.complain("properties arrive as they were published", identifier_);
    check_identifiers(packet, topic);
    SubscriberSession::Copies& copies = session().received[message->number];
    if (packet.qos == QoS::AtLeastOnce && packet.dup)
        ++copies.repeated;
    else
        ++copies.by_qos[static_cast<size_t>(packet.qos)];
    world_.arrived({session(), *message, packet.qos, packet.retain, packet.dup});
}

void Client::check_identifiers(const mqtt::Publish& packet, std::string_view topic) {
    packet.properties.for_each_subscription_identifier([&](uint32_t identifier) {
        for (const SubscriptionRecord& record : session().subscriptions)
            if (record.identifier == identifier && mqtt::matches(record.filter, topic)) return;
        world_.complain("Subscription Identifiers name subscriptions that match",
                        identifier_ + ": " + std::to_string(identifier) + " on " + std::string(topic));
    });
}

void Client::answer(PacketType type, mqtt::PacketIdentifier identifier, uint64_t number) {
    mqtt::PublishAck packet{type, identifier, ReasonCode::Success, {}};
    const bool may_refuse =
        version_ == ProtocolVersion::V5 && (type == PacketType::Puback || type == PacketType::Pubrec);
    if (may_refuse && chance_.percent(3)) {  // Ends the exchange like a success [MQTT-4.4.0-2].
        packet.reason = ReasonCode::ImplementationSpecificError;
        if (type == PacketType::Pubrec) received_.erase(identifier);
        ++session().received[number].refused;
    }
    answers_.push_back(packet);
    if (!answers_late_ || mood_ != Mood::Busy) flush_answers(answers_.size());
}

void Client::flush_answers(size_t at_most) {
    for (; at_most > 0 && !answers_.empty(); --at_most) {
        send(answers_.front());
        answers_.pop_front();
    }
}

void Client::handle_publish_ack(const mqtt::PublishAck& packet) {
    if (packet.type == PacketType::Pubrel) {
        received_.erase(packet.packet_identifier);
        return answer(PacketType::Pubcomp, packet.packet_identifier, 0);
    }
    Outgoing* outgoing = find_outgoing(packet.packet_identifier);
    if (outgoing == nullptr) return world_.complain("only what was sent is acknowledged", identifier_);
    const bool puback = packet.type == PacketType::Puback && outgoing->step == Step::Puback;
    const bool pubcomp = packet.type == PacketType::Pubcomp && outgoing->step == Step::Pubcomp;
    if (puback || (packet.type == PacketType::Pubrec && mqtt::is_error(packet.reason)))
        return finish_exchange(*outgoing, packet.reason);
    if (pubcomp) {
        outgoing_.erase(outgoing_.begin() + (outgoing - outgoing_.data()));
        return;
    }
    if (packet.type != PacketType::Pubrec || outgoing->step == Step::Puback)
        return world_.complain("only what was sent is acknowledged", identifier_);
    if (outgoing->step == Step::Pubrec) {
        outgoing->step = Step::Pubcomp;
        outgoing->pubrec_order = ++pubrecs_;
        PublishedMessage& message = *world_.ledger().find(outgoing->number);
        message.acknowledged = world_.ledger().now(world_.schedule().now());
        message.told_nobody = packet.reason == ReasonCode::NoMatchingSubscribers;
    }
    send(mqtt::PublishAck{PacketType::Pubrel, packet.packet_identifier, ReasonCode::Success, {}});
}

void Client::finish_exchange(Outgoing& outgoing, ReasonCode reason) {
    PublishedMessage& message = *world_.ledger().find(outgoing.number);
    if (version_ == ProtocolVersion::V5 && message.refused != mqtt::is_error(reason))
        world_.complain("publishes are refused by the access rules and nothing else",
                        identifier_ + " on " + message.topic + ": " + mqtt::name_of(reason));
    const Moment now = world_.ledger().now(world_.schedule().now());
    (message.refused ? message.abandoned : message.acknowledged) = now;
    message.told_nobody = reason == ReasonCode::NoMatchingSubscribers;
    outgoing_.erase(outgoing_.begin() + (&outgoing - outgoing_.data()));
}

void Client::handle_subscription_ack(const mqtt::SubscriptionAck& packet) {
    const auto at = requests_.find(packet.packet_identifier);
    if (at == requests_.end()) return world_.complain("only what was sent is acknowledged", identifier_);
    const Request request = at->second;
    requests_.erase(at);
    if (!request.subscribes) return;
    if (packet.reasons.size() != request.records.size())
        return world_.complain("SUBACK has a Reason Code for each filter", identifier_);
    for (size_t i = 0; i < packet.reasons.size(); ++i) {
        SubscriptionRecord& record = session().subscriptions[request.records[i]];
        record.failed = mqtt::is_error(packet.reasons[i]);
        if (record.failed != world_.refuses(record) && world_.scenario().settings.max_subscriptions_per_session == 0)
            world_.complain("subscriptions are refused by the settings and nothing else",
                            identifier_ + " with " + record.filter);
        if (record.failed) continue;
        record.granted = static_cast<QoS>(packet.reasons[i]);
        record.confirmed = world_.ledger().now(world_.schedule().now());
    }
}

}  // namespace runnel::simulation

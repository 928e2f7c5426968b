// SPDX-License-Identifier: Apache-2.0
// PUBLISH from a client (section 3.3), and what it is answered.
#include "broker/mqtt/encoder.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::QoS;
using mqtt::ReasonCode;

namespace {

// What goes to subscribers as it came. Nearly always that is the whole block; else what is ours is cut out of it.
std::string_view forwarded_properties_of(const mqtt::Properties& properties, std::string& scratch) {
    if (!properties.has(PropertyId::MessageExpiryInterval) && !properties.has(PropertyId::TopicAlias))
        return properties.encoded();
    scratch.clear();
    std::string_view block = properties.encoded();
    while (const auto property = mqtt::take_property(block))
        if (property->id != PropertyId::MessageExpiryInterval && property->id != PropertyId::TopicAlias)
            scratch.append(property->raw);
    return scratch;
}

PacketType acknowledgement_of(QoS qos) {
    return qos == QoS::ExactlyOnce ? PacketType::Pubrec : PacketType::Puback;
}

}  // namespace

void Shard::handle_publish(Connection& connection, const mqtt::Frame& frame, Time now) {
    mqtt::Publish publish;
    const mqtt::DecodeLimits limits{settings_.max_user_properties};
    if (const mqtt::DecodeError error = mqtt::decode_publish(frame, connection.version, limits, publish); error) {
        refuse(connection, error, now);
        return;
    }
    counters_.publish_received.add();
    counters_.publish_bytes_received.add(publish.payload.size());
    if (!check_publish(connection, publish, now)) return;
    session::Session& session = connection.session->session;
    const bool twice = publish.qos == QoS::ExactlyOnce && session.received.contains(publish.packet_identifier);
    if (twice) return publish_repeated(connection, publish);

    std::string scratch;
    Incoming incoming;
    incoming.fields.topic = publish.topic;
    incoming.fields.payload = publish.payload;
    incoming.fields.publisher = session.client_identifier;
    incoming.fields.qos = publish.qos;
    incoming.fields.retain = publish.retain;
    incoming.fields.received_at = now;
    if (!publish.properties.empty()) {
        incoming.fields.forwarded_properties = forwarded_properties_of(publish.properties, scratch);
        if (publish.properties.has(PropertyId::MessageExpiryInterval))
            incoming.fields.message_expiry_interval = publish.properties.number(PropertyId::MessageExpiryInterval);
    }
    incoming.publisher = connection.session;
    incoming.comes_once = publish.qos == QoS::ExactlyOnce && session.stored;  // Its repetition is not routed.
    if (!store_refusal_.empty() && publish.qos != QoS::AtMostOnce && has_to_be_stored(incoming)) {
        if (connection.version == mqtt::ProtocolVersion::V5) {
            counters_.dropped_not_stored.add();
            return acknowledge(connection, acknowledgement_of(publish.qos), publish.packet_identifier,
                               ReasonCode::QuotaExceeded, store_refusal_);
        }
        stall(connection);  // It cannot be told: its answer waits, and so does what it sends next.
    }
    const uint64_t needs = receipts_.needs();
    const bool matched = route(incoming);
    if (publish.qos == QoS::AtMostOnce) return;
    if (publish.qos == QoS::ExactlyOnce) {
        session.received.insert(publish.packet_identifier);
        if (durability_of(publish.topic) != storage::Durability::Memory)
            promise_window(*connection.session);
        else
            store_window(*connection.session);
    }
    acknowledge(connection, acknowledgement_of(publish.qos), publish.packet_identifier,
                matched ? ReasonCode::Success : ReasonCode::NoMatchingSubscribers, {}, receipts_.needs() != needs);
}

// The client sends again what has been routed [MQTT-4.3.3-10]. It may have lost the connection whose PUBREC waited
// until all shards had the Retained Message: so does this one.
void Shard::publish_repeated(Connection& connection, const mqtt::Publish& publish) {
    const uint64_t needs = receipts_.needs();
    if (publish.retain || peers_store_) receipts_.needs_peers(everybody_else());
    acknowledge(connection, PacketType::Pubrec, publish.packet_identifier, ReasonCode::Success, {},
                receipts_.needs() != needs);
}

// Puts the topic of an alias in place, or remembers a new one (section 3.3.2.3.4). False: the connection has ended.
bool Shard::resolve_alias(Connection& connection, mqtt::Publish& publish, Time now) {
    const uint32_t alias = publish.properties.number(PropertyId::TopicAlias);
    if (alias > settings_.topic_alias_maximum)  // [MQTT-3.2.2-17]
        return !refuse(connection, {ReasonCode::TopicAliasInvalid, "the Topic Alias is above Topic Alias Maximum"},
                       now);
    if (!connection.inbound_aliases) connection.inbound_aliases = std::make_unique<InboundAliases>();
    InboundAliases& aliases = *connection.inbound_aliases;
    if (publish.topic.empty()) {
        publish.topic = aliases.find(static_cast<uint16_t>(alias));
        return !publish.topic.empty() ||
               !refuse(connection, {ReasonCode::ProtocolError, "the Topic Alias was never set"}, now);
    }
    return aliases.set(static_cast<uint16_t>(alias), publish.topic, settings_.topic_alias_bytes_max) ||
           !refuse(connection, {ReasonCode::QuotaExceeded, "the topics of all Topic Aliases are too long together"},
                   now);
}

// State, session and permission, in that order. False: the packet is dealt with.
bool Shard::check_publish(Connection& connection, mqtt::Publish& publish, Time now) {
    const auto broken = [&](ReasonCode reason, const char* why) { return !refuse(connection, {reason, why}, now); };
    if (static_cast<uint8_t>(publish.qos) > settings_.max_qos)  // [MQTT-3.2.2-11]
        return broken(ReasonCode::QoSNotSupported, "the QoS is above Maximum QoS");
    if (publish.retain && !settings_.retain_available)  // [MQTT-3.2.2-14]
        return broken(ReasonCode::RetainNotSupported, "Retained Messages are switched off");
    if (publish.properties.has(PropertyId::SubscriptionIdentifier))  // [MQTT-3.3.4-6]
        return broken(ReasonCode::ProtocolError, "a client sent a Subscription Identifier");
    if (publish.properties.has(PropertyId::TopicAlias) && !resolve_alias(connection, publish, now)) return false;
    if (publish.topic.size() > settings_.max_topic_levels &&  // Fewer bytes cannot have more levels.
        mqtt::level_count(publish.topic) > settings_.max_topic_levels)
        return broken(ReasonCode::TopicNameInvalid, "the Topic Name has too many levels");
    const SessionSlot& slot = *connection.session;
    if (publish.qos == QoS::ExactlyOnce && slot.session.received.size() >= settings_.receive_maximum &&
        !slot.session.received.contains(publish.packet_identifier))  // [MQTT-3.3.4-7]
        return broken(ReasonCode::ReceiveMaximumExceeded, "more QoS 2 messages without PUBREL than Receive Maximum");
    const bool says_utf8 =
        settings_.check_payload_format && publish.properties.number_or(PropertyId::PayloadFormatIndicator, 0) == 1;
    if (const auto refusal = find_refusal(subject_of(slot), publish.topic, publish.payload, says_utf8)) {
        publish_refused(connection, publish, refusal->reason, refusal->why);
        return false;
    }
    return true;
}

// Of a message that is right, whoever publishes it and by whatever way it came.
std::optional<Shard::Refusal> Shard::find_refusal(const api::AccessSubject& subject, std::string_view topic,
                                                  std::string_view payload, bool says_utf8) const {
    if (topic.starts_with('$'))
        return Refusal{ReasonCode::NotAuthorized, "topics that start with $ belong to the broker"};
    if (!environment_.access->may_publish(subject, topic))
        return Refusal{ReasonCode::NotAuthorized, "the access rules do not allow it"};
    if (says_utf8 && !mqtt::is_valid_utf8(payload))
        return Refusal{ReasonCode::PayloadFormatInvalid, "the payload is not UTF-8 as announced"};
    return std::nullopt;
}

// A message that is not routed. MQTT 3 cannot be told, so it gets the ordinary answer [MQTT-3.3.5-2].
void Shard::publish_refused(Connection& connection, const mqtt::Publish& publish, ReasonCode reason,
                            std::string_view why) {
    counters_.dropped_not_authorized.add();
    if (may_log(now_))
        log_.info("publish refused", {{"client", connection.session->session.client_identifier},
                                      {"user", connection.session->identity.user_name},
                                      {"topic", publish.topic},
                                      {"reason", mqtt::name_of(reason)},
                                      {"why", why}});
    if (publish.qos == QoS::AtMostOnce) return;
    const bool told = connection.version == mqtt::ProtocolVersion::V5;
    const uint64_t needs = receipts_.needs();
    // Without an error the exchange goes on to PUBREL, and the identifier is in use until then.
    if (!told && publish.qos == QoS::ExactlyOnce &&
        !connection.session->session.received.contains(publish.packet_identifier)) {
        connection.session->session.received.insert(publish.packet_identifier);
        promise_window(*connection.session);
    }
    acknowledge(connection, acknowledgement_of(publish.qos), publish.packet_identifier,
                told ? reason : ReasonCode::Success, why, receipts_.needs() != needs);
}

// Sends an acknowledgement when the turn is complete if it `waits`, and never before an earlier one [MQTT-4.6.0-2]
// [MQTT-4.6.0-3].
void Shard::acknowledge(Connection& connection, PacketType type, mqtt::PacketIdentifier identifier, ReasonCode reason,
                        std::string_view why, bool waits) {
    Ring<HeldAcknowledgement>& held = connection.held_acknowledgements;
    if (!waits && held.empty()) return send_acknowledgement(connection, type, identifier, reason, why);
    const TurnNumber turn = waits ? receipts_.turn() : held.back().turn;
    held.push_back({type, identifier, reason, turn});
    if (waits) receipts_.hold(connection.id);
    if (held.size() >= settings_.receive_maximum) stall(connection);
}

void Shard::send_acknowledgement(Connection& connection, PacketType type, mqtt::PacketIdentifier identifier,
                                 ReasonCode reason, std::string_view why) {
    const bool v5 = connection.version == mqtt::ProtocolVersion::V5;
    if ((!v5 || reason == ReasonCode::Success) && !log_.wants(LogLevel::Packets)) {
        if (!client_accepts(connection, 4)) return;
        char* to = arena_.reserve(4);
        to[0] = static_cast<char>(static_cast<int>(type) << 4 | (type == PacketType::Pubrel ? 2 : 0));
        to[1] = 2;
        mqtt::write_two_bytes(to + 2, identifier);
        return send(connection, arena_.commit(4));
    }
    mqtt::PublishAck packet;
    packet.type = type;
    packet.packet_identifier = identifier;
    packet.reason = reason;
    if (!why.empty() && connection.problem_information) packet.properties.set(PropertyId::ReasonString, why);
    mqtt::encode(packet, connection.version, scratch_);
    if (scratch_.size() > connection.packet_size_max) {  // [MQTT-3.4.2-2]
        scratch_.clear();
        packet.properties = {};
        mqtt::encode(packet, connection.version, scratch_);
    }
    send_packet(connection);
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
// One message to one Session: at once if there is room, else into its queue (sections 4.3, 4.6 and 4.9).
#include <algorithm>
#include <cstring>

#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::QoS;

namespace {

// Below this a payload is copied with its head; above, it is encoded once and shared.
constexpr size_t kSharedPayloadMin = 2048;

OutgoingPublish outgoing_of(const mqtt::ApplicationMessage::Fields& fields, Time now) {
    OutgoingPublish publish;
    publish.topic = fields.topic;
    publish.payload = fields.payload;
    publish.forwarded_properties = fields.forwarded_properties;
    publish.history_number = fields.history_number;
    publish.received_at = fields.received_at;
    if (fields.message_expiry_interval) {
        const int64_t waited = (now - fields.received_at).ms / 1000;  // [MQTT-3.3.2-6]
        publish.message_expiry_interval = waited >= *fields.message_expiry_interval
                                              ? 0
                                              : *fields.message_expiry_interval - static_cast<uint32_t>(waited);
    }
    return publish;
}

}  // namespace

bool Shard::output_has_room(const Connection& connection) const {
    return !connection.held_packet && !connection.replays && socket_has_room(connection);
}

bool Shard::socket_has_room(const Connection& connection) const {
    // Before the socket has refused anything, one turn may bring a burst of many publishers together.
    constexpr size_t kBurst = 16;
    const size_t most = connection.socket_full ? settings_.output_bytes_max : settings_.output_bytes_max * kBurst;
    return connection.output_bytes() < most;
}

// Whether a QoS 1 or 2 message may go out now [MQTT-3.3.4-9].
bool Shard::has_room(const Connection& connection) const {
    return connection.in_flight < connection.window_max && connection.to_resend == 0 && output_has_room(connection);
}

void Shard::deliver(SessionSlot& slot, Incoming& incoming, const session::SubscriptionIdentifiers& identifiers, QoS qos,
                    bool retain, session::SharedOrigin origin) {
    if (qos == QoS::AtMostOnce) return deliver_at_most_once(slot, incoming, identifiers, retain, origin);
    session::Delivery delivery{incoming.shared(), identifiers, origin, qos, retain};
    Connection* connection = slot.connection;
    if (connection != nullptr && slot.session.queue.empty() && has_room(*connection))
        send_from_window(*connection, std::move(delivery), &incoming, now_);
    else
        hold_live(slot, std::move(delivery));
}

// Into the queue. What a replay may come upon too is remembered, so that it leaves it out.
void Shard::hold_live(SessionSlot& slot, session::Delivery delivery) {
    if (slot.connection != nullptr && slot.connection->replays) note_live(*slot.connection, *delivery.message);
    enqueue(slot, std::move(delivery));
}

void Shard::deliver_at_most_once(SessionSlot& slot, Incoming& incoming,
                                 const session::SubscriptionIdentifiers& identifiers, bool retain,
                                 session::SharedOrigin origin) {
    Connection* connection = slot.connection;
    if (connection == nullptr) return counters_.dropped_offline.add();
    if (!connection->at_most_once.empty() || !output_has_room(*connection))
        return enqueue_at_most_once(*connection, {incoming.shared(), identifiers, origin, QoS::AtMostOnce, retain});
    if (!identifiers.empty() || connection->outbound_aliases || connection->names_history ||
        log_.wants(LogLevel::Packets)) {
        OutgoingPublish publish = outgoing_of(incoming.fields, now_);
        publish.retain = retain;
        publish.subscription_identifiers = identifiers.all();
        if (!send_publish(*connection, publish, &incoming))
            count_drop(counters_.dropped_too_large, slot, incoming.fields.topic, "larger than the client accepts");
        return;
    }
    // The usual case: the same bytes for everybody who speaks the same version.
    Segment& whole = incoming.at_most_once[connection->version == mqtt::ProtocolVersion::V5][retain];
    if (!whole) {
        OutgoingPublish publish = outgoing_of(incoming.fields, now_);
        publish.retain = retain;
        const PublishSize size = size_of(publish, connection->version);
        char* to = write_head(arena_.reserve(size.total), publish, connection->version, size);
        if (!publish.payload.empty()) std::memcpy(to, publish.payload.data(), publish.payload.size());
        whole = arena_.commit(size.total);
    }
    if (whole.size() > connection->packet_size_max)
        return count_drop(counters_.dropped_too_large, slot, incoming.fields.topic, "larger than the client accepts");
    counters_.publish_sent.add();
    counters_.publish_bytes_sent.add(incoming.fields.payload.size());
    send(*connection, whole);
}

// Puts a Topic Alias in, if this client allows one; it is remembered only when the packet is sent. A new alias makes
// the packet larger: if it does not fit then, it goes without.
void Shard::use_alias(const Connection& connection, OutgoingPublish& publish) const {
    if (!connection.outbound_aliases) return;
    const OutboundAliases::Use alias = connection.outbound_aliases->find(publish.topic);
    publish.topic_alias = alias.alias;
    if (alias.known)
        publish.topic = {};
    else if (size_of(publish, connection.version).total > connection.packet_size_max)
        publish.topic_alias = 0;
}

// False if the client does not accept a packet this large: it is dropped for this client alone [MQTT-3.1.2-25].
bool Shard::send_publish(Connection& connection, OutgoingPublish& publish, Incoming* incoming) {
    use_alias(connection, publish);
    std::string named;
    if (connection.names_history) {
        named = publish.forwarded_properties;
        const api::HistoryId id{environment_.clock.wall_ms(publish.received_at), publish.history_number};
        mqtt::append_user_property(named, kHistoryId, id.number == 0 ? std::string() : history_name(id));
        publish.forwarded_properties = named;
    }
    const PublishSize size = size_of(publish, connection.version);
    if (size.total > connection.packet_size_max) return false;
    send_sized(connection, publish, size, incoming);
    return true;
}

void Shard::send_sized(Connection& connection, const OutgoingPublish& publish, const PublishSize& size,
                       Incoming* incoming) {
    if (publish.topic_alias != 0 && !publish.topic.empty())
        connection.outbound_aliases->set(publish.topic, publish.topic_alias);
    counters_.publish_sent.add();
    counters_.publish_bytes_sent.add(publish.payload.size());
    const bool shares = incoming != nullptr && publish.payload.size() >= kSharedPayloadMin;
    if (shares && !incoming->payload) incoming->payload = arena_.append(publish.payload);
    char* begin = arena_.reserve(shares ? size.head : size.total);
    char* to = write_head(begin, publish, connection.version, size);
    if (log_.wants(LogLevel::Packets))
        log_packet(connection, "<", {static_cast<uint8_t>(*begin), {begin, size.head}, size.total});
    if (!shares) {
        if (!publish.payload.empty()) std::memcpy(to, publish.payload.data(), publish.payload.size());
        return send(connection, arena_.commit(size.total));
    }
    send(connection, arena_.commit(size.head));
    connection.output->append(incoming->payload);
}

// Sends a QoS 1 or 2 message for the first time: there is room.
void Shard::send_from_window(Connection& connection, session::Delivery delivery, Incoming* incoming, Time now) {
    SessionSlot& slot = *connection.session;
    const mqtt::MessageRef message = delivery.message;
    // What comes behind a message that waits for the store waits too: order is kept.
    const bool waits = slot.session.stored && (delivery.qos == QoS::ExactlyOnce || connection.unsent != 0);
    OutgoingPublish publish = outgoing_of(incoming != nullptr ? incoming->fields : fields_of(*message), now);
    publish.subscription_identifiers = delivery.subscription_identifiers.all();
    publish.qos = delivery.qos;
    publish.retain = delivery.retain;
    if (!waits) use_alias(connection, publish);
    const PublishSize size = size_of(publish, connection.version);
    if (size.total > connection.packet_size_max) {
        let_go(delivery, slot);
        return count_drop(counters_.dropped_too_large, slot, message->topic(), "larger than the client accepts");
    }
    const session::SubscriptionIdentifiers identifiers = delivery.subscription_identifiers;
    publish.subscription_identifiers = identifiers.all();
    store_delivery(slot, delivery);
    publish.packet_identifier = slot.session.window.add(std::move(delivery));
    store_window(slot);
    ++connection.in_flight;
    counters_.inflight_messages.add();
    if (waits) return send_when_stored(connection, publish.packet_identifier);
    send_sized(connection, publish, size, incoming);
}

void Shard::send_when_stored(Connection& connection, mqtt::PacketIdentifier identifier) {
    session::OutboundWindow::Entry* entry = connection.session->session.window.find(identifier);
    entry->awaits_store = true;
    entry->was_sent = false;
    receipts_.needs_store();
    ++connection.unsent;
    unsent_.push_back({last_ticket_ + 1, connection.id, identifier});
}

// Sends what is in the window. False if the client does not accept a packet of this size.
bool Shard::send_entry(Connection& connection, session::OutboundWindow::Entry& entry, Time now) {
    OutgoingPublish publish = outgoing_of(fields_of(*entry.delivery.message), now);
    publish.subscription_identifiers = entry.delivery.subscription_identifiers.all();
    publish.qos = entry.delivery.qos;
    publish.retain = entry.delivery.retain;
    publish.dup = entry.was_sent;  // [MQTT-3.3.1-1]
    publish.packet_identifier = entry.packet_identifier;
    if (!send_publish(connection, publish, nullptr)) return false;
    entry.was_sent = true;
    return true;
}

void Shard::enqueue(SessionSlot& slot, session::Delivery delivery) {
    session::SessionQueue& queue = slot.session.queue;
    const uint64_t bytes = delivery.message->memory_size();
    if (is_sending_retained_) queue.extra_room().add(bytes, retained_.count());
    const auto full = [&] { return queue.is_full(bytes, settings_.max_queued_messages, settings_.max_queued_bytes); };
    while (full() && settings_.when_full == WhenFull::DropOldest && !queue.empty())
        drop_oldest(slot);
    if (full()) {
        if (settings_.when_full == WhenFull::Disconnect && slot.connection != nullptr)
            deferred_.emplace_back(slot.connection->id, mqtt::ReasonCode::QuotaExceeded);
        let_go(delivery, slot);
        return count_drop(counters_.dropped_queue_full, slot, delivery.message->topic(), "the queue is full");
    }
    counters_.queued_messages.add();
    counters_.queued_bytes.add(bytes);
    store_delivery(slot, delivery);
    queue.push_back(std::move(delivery));
}

// The socket is behind. QoS 0 that waits belongs to the connection, not to the Session, and goes with it.
void Shard::enqueue_at_most_once(Connection& connection, session::Delivery delivery) {
    if (connection.replays) note_live(connection, *delivery.message);
    session::MessageQueue& queue = connection.at_most_once;
    const uint64_t bytes = delivery.message->memory_size();
    if (is_sending_retained_) queue.extra_room().add(bytes, retained_.count());
    const auto full = [&] { return queue.is_full(bytes, settings_.max_queued_messages, settings_.max_queued_bytes); };
    while (full() && settings_.when_full == WhenFull::DropOldest && !queue.empty()) {
        const session::Delivery oldest = queue.pop_front();
        counters_.queued_messages.subtract();
        counters_.queued_bytes.subtract(oldest.message->memory_size());
        count_drop(counters_.dropped_queue_full, *connection.session, oldest.message->topic(), "the queue is full");
    }
    if (full()) {
        if (settings_.when_full == WhenFull::Disconnect)
            deferred_.emplace_back(connection.id, mqtt::ReasonCode::QuotaExceeded);
        return count_drop(counters_.dropped_queue_full, *connection.session, delivery.message->topic(),
                          "the queue is full");
    }
    counters_.queued_messages.add();
    counters_.queued_bytes.add(bytes);
    queue.push_back(std::move(delivery));
}

void Shard::send_at_most_once(Connection& connection, const session::Delivery& delivery, Time now) {
    OutgoingPublish publish = outgoing_of(fields_of(*delivery.message), now);
    publish.subscription_identifiers = delivery.subscription_identifiers.all();
    publish.retain = delivery.retain;
    if (!send_publish(connection, publish, nullptr))
        count_drop(counters_.dropped_too_large, *connection.session, delivery.message->topic(),
                   "larger than the client accepts");
}

// Moves what waits into the output as far as there is room.
void Shard::deliver_waiting(Connection& connection, Time now) {
    if (connection.replays && !replay_is_over(connection, now)) return;
    const auto take = [&](auto& queue) {
        session::Delivery delivery = queue.pop_front();
        counters_.queued_messages.subtract();
        counters_.queued_bytes.subtract(delivery.message->memory_size());
        return delivery;
    };
    SessionSlot& slot = *connection.session;
    while (!connection.at_most_once.empty() && output_has_room(connection)) {
        const session::Delivery delivery = take(connection.at_most_once);
        if (delivery.message->is_expired(now))
            count_drop(counters_.dropped_expired, slot, delivery.message->topic(), "expired");
        else
            send_at_most_once(connection, delivery, now);
    }
    while (slot.session.queue.can_pop() && has_room(connection)) {
        session::Delivery delivery = take(slot.session.queue);
        if (delivery.message->is_expired(now)) {  // [MQTT-3.3.2-5]
            let_go(delivery, slot);
            count_drop(counters_.dropped_expired, slot, delivery.message->topic(), "expired");
            continue;
        }
        send_from_window(connection, std::move(delivery), nullptr, now);
    }
    if (slot.session.queue.is_paged()) read_paged(slot);
}

// After a reconnect: what was not acknowledged goes again, in its order, with its Packet Identifier [MQTT-4.4.0-1], and
// no faster than this connection's Receive Maximum allows.
void Shard::resend(Connection& connection, Time now) {
    using State = session::OutboundWindow::State;
    session::OutboundWindow& window = connection.session->session.window;
    if (connection.to_resend == 0 && connection.in_flight == 0) {
        window.for_each([&](session::OutboundWindow::Entry& entry) { entry.sent = entry.awaits_store = false; });
        connection.to_resend = static_cast<uint32_t>(window.size());
    }
    std::vector<session::OutboundWindow::Entry*> too_large;
    window.for_each_to_resend([&](session::OutboundWindow::Entry& entry) {
        const bool released = entry.state == State::AwaitingPubcomp;
        if (entry.sent || (!released && connection.in_flight >= connection.window_max)) return;
        if (released) {
            send_acknowledgement(connection, mqtt::PacketType::Pubrel, entry.packet_identifier,
                                 mqtt::ReasonCode::Success, {});
        } else {
            if (!send_entry(connection, entry, now)) {
                too_large.push_back(&entry);
                return;
            }
        }
        entry.sent = true;
        --connection.to_resend;
        ++connection.in_flight;
    });
    for (session::OutboundWindow::Entry* entry : too_large) {
        count_drop(counters_.dropped_too_large, *connection.session, entry->delivery.message->topic(),
                   "larger than the client accepts");
        let_go(entry->delivery, *connection.session);
        --connection.to_resend;
        counters_.inflight_messages.subtract();
        window.remove(*entry);
        store_window(*connection.session);
    }
}

// This copy goes no further.
void Shard::let_go(session::Delivery& delivery, SessionSlot& slot) {
    forget_delivery(slot, delivery);
    if (delivery.origin.is_shared()) shared_finished(delivery, slot.number);
}

void Shard::count_drop(Counter& counter, const SessionSlot& slot, std::string_view topic, const char* why) {
    counter.add();
    if (log_.wants(LogLevel::Debug) && may_log(now_))
        log_.debug("message dropped", {{"client", slot.session.client_identifier}, {"topic", topic}, {"why", why}});
}

}  // namespace runnel::shard

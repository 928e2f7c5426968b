// SPDX-License-Identifier: Apache-2.0
// What is held back until it is stored, and how it goes on then.
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

// CONNACK, SUBACK or UNSUBACK. While one is held, nothing is delivered to the client and nothing more of it is read.
void Shard::send_or_hold(Connection& connection, bool waits) {
    if (!waits) return send_packet(connection);
    connection.held_packet = std::make_unique<HeldPacket>();
    connection.held_packet->packet = std::exchange(scratch_, {});
    connection.held_packet->turn = receipts_.turn();
    receipts_.needs_store();
    receipts_.hold(connection.id);
    stall(connection);
}

// A turn that this connection waited for is complete.
void Shard::release(Connection& connection, Time now) {
    if (connection.close_turn != 0 && receipts_.is_complete(connection.close_turn)) return close_transport(connection);
    if (connection.stage == Connection::Stage::Closing) return;
    Ring<HeldAcknowledgement>& held = connection.held_acknowledgements;
    while (!held.empty() && receipts_.is_complete(held.front().turn)) {
        const HeldAcknowledgement first = held.pop_front();
        send_acknowledgement(connection, first.type, first.packet_identifier, first.reason, {});
    }
    if (connection.held_packet && receipts_.is_complete(connection.held_packet->turn)) {
        const std::unique_ptr<HeldPacket> packet = std::move(connection.held_packet);
        scratch_ = packet->packet;
        send_packet(connection);
        if (packet->is_connack) resend(connection, now);
        deliver_waiting(connection, now);
    }
    if (connection.replays) begin_replays(connection, now);
    go_on(connection, now);
}

// Reads on, unless something is left to wait for.
void Shard::go_on(Connection& connection, Time now) {
    const bool waits = connection.pending_subscribe || connection.held_packet ||
                       connection.held_acknowledgements.size() >= settings_.receive_maximum ||
                       (!store_refusal_.empty() && !connection.held_acknowledgements.empty());
    if (!connection.stalled || waits || connection.stage == Connection::Stage::Closing) return;
    connection.stalled = false;
    resume_input(connection, now);
}

// Messages that were put into the window before. QoS 2 goes out when its Packet Identifier is stored: else a crash
// could give the message another one, and the client would take it for a new one.
void Shard::send_stored(Time now) {
    while (!unsent_.empty() && unsent_.front().ticket <= receipts_.stored()) {
        const Unsent unsent = unsent_.front();
        unsent_.pop_front();
        Connection* connection = find(unsent.connection);
        if (connection == nullptr || connection->session == nullptr) continue;
        --connection->unsent;
        auto* entry = connection->session->session.window.find(unsent.packet_identifier);
        if (entry == nullptr || !entry->awaits_store) continue;
        entry->awaits_store = false;
        RUNNEL_CHECK(send_entry(*connection, *entry, now));  // Its size was looked at when it came into the window.
    }
}

void Shard::batch_stored(StoreTicket ticket, Time now) {
    now_ = now;
    receipts_.stored(ticket);
    page_stored(ticket);
    send_stored(now);
    settle_receipts();
    carry_out_deferred(now);
}

// What [[storage.rule]] says of messages to this topic.
storage::Durability Shard::durability_of(std::string_view topic) const {
    for (const DurabilityRule& rule : settings_.durability_rules)
        if (mqtt::matches(rule.filter, topic)) return rule.durability;
    return settings_.durability;
}

// Whether a QoS 1 or 2 message would leave something to store, here or on a peer.
bool Shard::has_to_be_stored(const Incoming& incoming) {
    if (is_kept_in_memory(incoming.fields.topic)) return false;
    if (incoming.publisher != nullptr && incoming.publisher->session.stored &&
        incoming.fields.qos == mqtt::QoS::ExactlyOnce)
        return true;
    const FanOut& fan_out = fan_out_of(incoming.fields.topic);
    if (fan_out.history != nullptr || incoming.fields.retain || fan_out.storing != 0) return true;
    for (const routing::GroupId group : fan_out.groups)
        if (shared_.stores(group)) return true;
    for (const Target& target : fan_out.targets)
        if (target.slot->session.stored && target.qos != mqtt::QoS::AtMostOnce) return true;
    return false;
}

void Shard::store_refuses(std::string why, Time now) {
    now_ = now;
    store_refusal_ = std::move(why);
    if (!store_refusal_.empty()) return;
    for (Connection& connection : connections_)
        if (connection.in_use && connection.stalled) go_on(connection, now);
    carry_out_deferred(now);
}

void Shard::settle_receipts() {
    for (const Receipts::Held& held : receipts_.take_completed()) {
        for (const std::string& key : held.outbox_keys)
            batch_.erase(key);
        for (const auto& [peer, turn] : held.questions)
            tell(peer, StoredAnswered{turn, recorder_ ? recorder_->last() : api::HistoryId{}});
        for (const LocalPublishNumber number : held.publishes)
            finish_publish(number);
        for (const ConnectionId id : held.connections)
            if (Connection* connection = find(id)) release(*connection, now_);
    }
}

}  // namespace runnel::shard

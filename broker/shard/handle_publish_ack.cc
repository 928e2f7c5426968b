// SPDX-License-Identifier: Apache-2.0
// PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7): the exchanges of QoS 1 and 2 go on.
#include "broker/mqtt/encoder.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::PacketType;
using mqtt::ReasonCode;
using session::OutboundWindow;

void Shard::handle_publish_ack(Connection& connection, const mqtt::Frame& frame, Time now) {
    mqtt::PublishAck ack;
    const mqtt::DecodeLimits limits{settings_.max_user_properties};
    if (refuse(connection, mqtt::decode_publish_ack(frame, connection.version, limits, ack), now)) return;
    switch (ack.type) {
        case PacketType::Puback: return handle_puback(connection, ack, now);
        case PacketType::Pubrec: return handle_pubrec(connection, ack, now);
        case PacketType::Pubrel: return handle_pubrel(connection, ack);
        default: return handle_pubcomp(connection, ack, now);
    }
}

// An error counts as an acknowledgement too [MQTT-4.4.0-2].
void Shard::handle_puback(Connection& connection, const mqtt::PublishAck& ack, Time now) {
    OutboundWindow::Entry* entry = connection.session->session.window.find(ack.packet_identifier);
    if (entry == nullptr || entry->state != OutboundWindow::State::AwaitingPuback) return;
    finish(connection, *entry, now);
}

void Shard::handle_pubrec(Connection& connection, const mqtt::PublishAck& ack, Time now) {
    OutboundWindow& window = connection.session->session.window;
    OutboundWindow::Entry* entry = window.find(ack.packet_identifier);
    const bool known = entry != nullptr && entry->state != OutboundWindow::State::AwaitingPuback;
    if (known && mqtt::is_error(ack.reason)) return finish(connection, *entry, now);
    if (mqtt::is_error(ack.reason)) return;
    const uint64_t needs = receipts_.needs();
    if (known && entry->state == OutboundWindow::State::AwaitingPubrec) {
        forget_delivery(*connection.session, entry->delivery);
        window.released(*entry);
        promise_window(*connection.session);  // After PUBREL the client would take the PUBLISH for a new one.
    }
    acknowledge(connection, PacketType::Pubrel, ack.packet_identifier,
                known ? ReasonCode::Success : ReasonCode::PacketIdentifierNotFound, {}, receipts_.needs() != needs);
}

void Shard::handle_pubrel(Connection& connection, const mqtt::PublishAck& ack) {
    const uint64_t needs = receipts_.needs();
    const bool known = connection.session->session.received.erase(ack.packet_identifier);
    if (known) promise_window(*connection.session);  // After PUBCOMP the client may use the identifier again.
    // Not before the PUBREC of an earlier PUBLISH that is still held back.
    acknowledge(connection, PacketType::Pubcomp, ack.packet_identifier,
                known ? ReasonCode::Success : ReasonCode::PacketIdentifierNotFound, {}, receipts_.needs() != needs);
}

void Shard::handle_pubcomp(Connection& connection, const mqtt::PublishAck& ack, Time now) {
    OutboundWindow::Entry* entry = connection.session->session.window.find(ack.packet_identifier);
    if (entry == nullptr || entry->state != OutboundWindow::State::AwaitingPubcomp) return;
    finish(connection, *entry, now);
}

// The exchange is over: there is room for the next message.
void Shard::finish(Connection& connection, OutboundWindow::Entry& entry, Time now) {
    SessionSlot& slot = *connection.session;
    let_go(entry.delivery, slot);
    if (entry.sent)
        --connection.in_flight;
    else
        --connection.to_resend;
    slot.session.window.remove(entry);
    store_window(slot);
    counters_.inflight_messages.subtract();
    if (connection.to_resend != 0) resend(connection, now);
    if (!slot.session.queue.empty() || connection.replays) deliver_waiting(connection, now);
}

}  // namespace runnel::shard

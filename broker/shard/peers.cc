// SPDX-License-Identifier: Apache-2.0
// What peers say (peer_messages.h).
#include "broker/shard/forward_batch.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

void Shard::peer_messages_received(PeerIndex from, PeerMessages messages, Time now) {
    now_ = now;
    for (PeerMessage& message : messages)
        std::visit([&](auto& content) { receive(from, content, now); }, message);
    carry_out_deferred(now);
}

void Shard::receive(PeerIndex from, InterestAnnounced& message, Time) {
    peers_store_ |= message.stores;
    if (message.has_key) {
        peer_interest_.announced(from, message.key);
        if (message.stores) peer_storing_.announced(from, message.key);
        routes_changed();
    }
    tell(from, Confirmed{message.receipt, true});
}

void Shard::receive(PeerIndex from, InterestWithdrawn& message, Time) {
    peer_storing_.withdrawn(from, message.key);
    if (!message.only_storing) peer_interest_.withdrawn(from, message.key);
    routes_changed();
}

void Shard::receive(PeerIndex, Confirmed& message, Time now) {
    if (message.interest) --unconfirmed_announcements_;
    confirmed(message.receipt, now);
}

void Shard::receive(PeerIndex, MessagesForwarded& message, Time) {
    for_each_forwarded(message.batch, [&](const mqtt::ApplicationMessage::Fields& fields) {
        Incoming incoming;
        incoming.fields = fields;
        deliver_locally(fan_out_of(fields.topic), incoming);
    });
}

void Shard::receive(PeerIndex, MessageForwarded& message, Time) {
    Incoming incoming = incoming_of(message.message);
    if (incoming.fields.retain) store_retained(incoming, message.stamp);
    deliver_locally(fan_out_of(incoming.fields.topic), incoming);
}

// Answered at the end of the turn, or when what it needs is there.
void Shard::receive(PeerIndex from, StoredAsked& message, Time) {
    receipts_.hold(from, message.turn);
    if (message.is_in_outbox) write_watermark(from, message.turn);
}

void Shard::receive(PeerIndex from, StoredAnswered& message, Time) {
    history_lasts_[from] = message.history_last;
    receipts_.answered(from, message.turn);
    settle_receipts();
}

void Shard::receive(PeerIndex from, SharedJoined& message, Time) {
    routing::MemberState member;
    member.member = {from, message.subscriber};
    member.options = message.options;
    member.subscription_identifier = message.subscription_identifier;
    member.sequence = message.sequence;
    member.connected = true;
    member.stored = message.stored;
    peers_store_ |= message.stored;
    const ReceiptId receipt = new_receipt({});
    const uint32_t outstanding = enter_group(message.share_name, message.filter, member, receipt);
    Question& question = questions_[receipt];
    question.for_peer = true;
    question.peer = from;
    question.peer_receipt = message.receipt;
    question.outstanding = outstanding;
    if (outstanding != 0) return;
    tell(from, Confirmed{message.receipt, false});
    questions_.erase(receipt);
}

void Shard::receive(PeerIndex from, SharedLeft& message, Time) {
    group_member_left(message.share_name, message.filter, {from, message.subscriber});
    if (message.receipt != 0) tell(from, Confirmed{message.receipt, false});
}

void Shard::receive(PeerIndex from, SharedMemberChanged& message, Time) {
    shared_.set_connected({from, message.subscriber}, message.connected);
}

void Shard::receive(PeerIndex from, SharedDelivery& message, Time) {
    deliver_shared(from, message);
}

void Shard::receive(PeerIndex from, SharedReturned& message, Time) {
    Incoming incoming = incoming_of(message.message);
    dispatch(message.group, incoming, routing::Member{from, message.subscriber});
}

void Shard::receive(PeerIndex from, SharedFinished& message, Time) {
    shared_.add_inflight(message.group, {from, message.subscriber}, -1);
}

}  // namespace runnel::shard

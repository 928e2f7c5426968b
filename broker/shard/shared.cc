// SPDX-License-Identifier: Apache-2.0
// Shared Subscriptions (section 4.8.2). A group lives on one shard, found by placement; its members may be anywhere.
// The owner picks a member for each message; a member that ends, or goes away before it was sent, gives the message
// back.
#include <algorithm>

#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::QoS;
using session::OutboundWindow;

// Returns how many confirmations have to come before the subscription is complete.
uint32_t Shard::join_shared(SessionSlot& slot, const mqtt::ParsedFilter& filter,
                            const mqtt::SubscriptionOptions& options, uint32_t subscription_identifier,
                            ReceiptId receipt) {
    std::vector<session::SharedMembership>& memberships = slot.session.shared;
    auto at = std::find_if(memberships.begin(), memberships.end(), [&](const session::SharedMembership& other) {
        return other.share_name == filter.share_name && other.filter == filter.filter;
    });
    if (at == memberships.end()) {
        memberships.push_back({std::string(filter.share_name), std::string(filter.filter), {}, 0, next_membership_++});
        at = memberships.end() - 1;
        counters_.shared_subscriptions.add();
    }
    at->options = options;
    at->subscription_identifier = subscription_identifier;
    store_session(slot);
    return enter_group(slot, *at, receipt);
}

uint32_t Shard::enter_group(const SessionSlot& slot, const session::SharedMembership& membership, ReceiptId receipt) {
    const PeerIndex owner = environment_.placement.owner_of_group(membership.share_name, membership.filter);
    if (owner != self()) {
        tell(owner,
             SharedJoined{receipt, membership.share_name, membership.filter, slot.number, membership.options,
                          membership.subscription_identifier, membership.sequence, slot.session.stored != nullptr});
        return 1;
    }
    routing::MemberState member;
    member.member = {self(), slot.number};
    member.options = membership.options;
    member.subscription_identifier = membership.subscription_identifier;
    member.sequence = membership.sequence;
    member.connected = slot.connection != nullptr;
    member.stored = slot.session.stored != nullptr;
    return enter_group(membership.share_name, membership.filter, member, receipt);
}

// Of a group that this shard owns. The group is interested for as long as it is there, and once more for each of its
// members that is stored.
uint32_t Shard::enter_group(std::string_view share_name, std::string_view filter, const routing::MemberState& member,
                            ReceiptId receipt) {
    const auto joined = shared_.join(share_name, filter, member);
    routes_changed();
    uint32_t outstanding = 0;
    if (joined.group_begins) outstanding += begin_interest(filter, false, receipt);
    if (joined.storing_begins) outstanding += begin_interest(filter, true, receipt);
    return joined.group_begins || joined.storing_begins ? outstanding : announce(std::nullopt, false, receipt);
}

bool Shard::leave_shared(SessionSlot& slot, const mqtt::ParsedFilter& filter, ReceiptId receipt,
                         uint32_t& outstanding) {
    std::vector<session::SharedMembership>& memberships = slot.session.shared;
    const auto at = std::find_if(memberships.begin(), memberships.end(), [&](const session::SharedMembership& other) {
        return other.share_name == filter.share_name && other.filter == filter.filter;
    });
    if (at == memberships.end()) return false;
    counters_.shared_subscriptions.subtract();
    outstanding += tell_left(slot, *at, receipt);
    return_queued(slot, at->sequence);
    memberships.erase(at);
    store_session(slot);
    return true;
}

// Returns how many confirmations to `receipt` will come; none if it is 0.
uint32_t Shard::tell_left(const SessionSlot& slot, const session::SharedMembership& membership, ReceiptId receipt) {
    const PeerIndex owner = environment_.placement.owner_of_group(membership.share_name, membership.filter);
    if (owner == self()) {
        group_member_left(membership.share_name, membership.filter, {self(), slot.number});
        return 0;
    }
    tell(owner, SharedLeft{receipt, membership.share_name, membership.filter, slot.number});
    return receipt == 0 ? 0 : 1;
}

void Shard::group_member_left(std::string_view share_name, std::string_view filter, routing::Member member) {
    const auto left = shared_.leave(share_name, filter, member);
    if (left.storing_ends) end_interest(filter, true);
    if (left.group_ends) end_interest(filter, false);
    routes_changed();
}

void Shard::member_changed(const SessionSlot& slot, bool connected) {
    std::vector<bool> told(peer_count());
    for (const session::SharedMembership& membership : slot.session.shared) {
        const PeerIndex owner = environment_.placement.owner_of_group(membership.share_name, membership.filter);
        if (told[owner]) continue;
        told[owner] = true;
        if (owner == self())
            shared_.set_connected({self(), slot.number}, connected);
        else
            tell(owner, SharedMemberChanged{slot.number, connected});
    }
}

// Gives one message to one member of a group that this shard owns.
void Shard::dispatch(routing::GroupId group, Incoming& incoming, std::optional<routing::Member> excluding) {
    // What was given back may have waited for long [MQTT-3.3.2-5].
    if (excluding && incoming.message->is_expired(now_)) return counters_.dropped_expired.add();
    auto picked = shared_.pick(group, incoming.fields.publisher, incoming.fields.topic, random_, excluding);
    // Nobody else: whoever gave it back keeps it, if it is a member still.
    if (!picked && excluding)
        picked = shared_.pick(group, incoming.fields.publisher, incoming.fields.topic, random_, {});
    if (!picked) return counters_.dropped_offline.add();
    const QoS qos = std::min(picked->options.qos, incoming.fields.qos);
    if (qos != QoS::AtMostOnce && settings_.share_strategy == routing::ShareStrategy::LeastInflight)
        shared_.add_inflight(group, picked->member, 1);
    SharedDelivery delivery;
    delivery.group = group;
    delivery.subscriber = picked->member.subscriber;
    delivery.sequence = picked->sequence;
    delivery.message = incoming.shared();
    delivery.expects_connected = picked->connected;
    if (picked->member.peer == self()) return deliver_shared(self(), delivery);
    // Whoever is picked may give it back, and then it may go to a member that is stored.
    if (qos != QoS::AtMostOnce && shared_.stores(group) && !is_kept_in_memory(incoming.fields.topic)) {
        delivery.is_promised = true;
        receipts_.needs_peers(routing::PeerMask{1} << picked->member.peer);
        // Nobody sends these again: a QoS 2 message whose Packet Identifier is stored, and what was acknowledged before
        // somebody gave it back.
        if (excluding || incoming.comes_once || incoming.fields.qos == QoS::ExactlyOnce) {
            delivery.share_name = shared_.share_name_of(group);
            delivery.filter = shared_.filter_of(group);
            keep_until_stored(delivery.message, delivery.share_name, delivery.filter, picked->member.peer);
        }
    }
    tell(picked->member.peer, std::move(delivery));
}

// On the shard of the member. One that left or went away in the meantime gives the message back, and the owner, who has
// heard of it by then, picks another.
void Shard::deliver_shared(PeerIndex owner, const SharedDelivery& delivery) {
    SessionSlot* slot = sessions_.find(delivery.subscriber);
    session::SharedMembership* membership = nullptr;
    if (slot != nullptr)
        for (session::SharedMembership& own : slot->session.shared)
            if (own.sequence == delivery.sequence) membership = &own;
    const bool went_away = delivery.expects_connected && slot != nullptr && slot->connection == nullptr;
    if (membership == nullptr || (went_away && owner != self())) {
        RUNNEL_CHECK(owner != self());
        if (delivery.is_promised) receipts_.needs_peers(routing::PeerMask{1} << owner);
        if (!delivery.filter.empty()) keep_until_stored(delivery.message, delivery.share_name, delivery.filter, owner);
        return tell(owner, SharedReturned{delivery.group, delivery.subscriber, delivery.message});
    }
    Incoming incoming = incoming_of(delivery.message);
    const session::SharedOrigin origin = membership->origin = {delivery.group, owner, delivery.sequence};
    const QoS qos = std::min(membership->options.qos, incoming.fields.qos);
    if (environment_.access->checks_delivery() &&
        !environment_.access->may_receive(subject_of(*slot), incoming.fields.topic)) {
        counters_.dropped_not_authorized.add();
        session::Delivery refused{delivery.message, {}, origin, qos, false};
        return let_go(refused, *slot);
    }
    deliver(*slot, incoming, session::SubscriptionIdentifiers(membership->subscription_identifier), qos,
            membership->options.retain_as_published && incoming.fields.retain, origin);
}

void Shard::return_delivery(const SessionSlot& slot, const session::Delivery& delivery) {
    shared_finished(delivery, slot.number);
    const PeerIndex owner = delivery.origin.peer;
    if (owner != self()) {
        tell(owner, SharedReturned{delivery.origin.group, slot.number, delivery.message});
        if (!slot.session.stored) return;
        receipts_.needs_peers(routing::PeerMask{1} << owner);
        for (const session::SharedMembership& membership : slot.session.shared)
            if (membership.sequence == delivery.origin.sequence)
                keep_until_stored(delivery.message, membership.share_name, membership.filter, owner);
        return;
    }
    Incoming incoming = incoming_of(delivery.message);
    dispatch(delivery.origin.group, incoming, routing::Member{self(), slot.number});
}

// The client went away or left a group (`sequence`): what was not sent to it yet may go to another member. What is
// paged stays, and what is before it, so that the order is kept if there is no other.
void Shard::return_queued(SessionSlot& slot, std::optional<uint32_t> sequence) {
    const auto returns = [&](const session::Delivery& delivery) {
        return delivery.origin.is_shared() && (!sequence || delivery.origin.sequence == *sequence);
    };
    std::vector<session::Delivery> shared = slot.session.queue.take_behind_paged(returns);
    for (session::Delivery& delivery : shared) {
        if (delivery.number != 0) slot.session.stored->taken_from_queue(delivery.number);
        forget_delivery(slot, delivery);
        counters_.queued_messages.subtract();
        counters_.queued_bytes.subtract(delivery.message->memory_size());
    }
    for (const session::Delivery& delivery : shared)
        return_delivery(slot, delivery);
}

// The Session ends. Messages of Shared Subscriptions go to other members: what was never sent, and QoS 1 that was not
// acknowledged; QoS 2 in delivery must not [MQTT-4.8.2-5].
void Shard::return_all(SessionSlot& slot) {
    std::vector<session::Delivery> shared;
    slot.session.window.for_each([&](OutboundWindow::Entry& entry) {
        if (!entry.delivery.origin.is_shared()) return;
        if (entry.state == OutboundWindow::State::AwaitingPuback)
            shared.push_back(std::move(entry.delivery));
        else
            shared_finished(entry.delivery, slot.number);
    });
    counters_.inflight_messages.subtract(slot.session.window.size());
    slot.session.window.clear();
    counters_.queued_messages.subtract(slot.session.queue.size());
    counters_.queued_bytes.subtract(slot.session.queue.bytes());
    while (slot.session.queue.can_pop()) {
        session::Delivery delivery = slot.session.queue.pop_front();
        if (delivery.origin.is_shared()) shared.push_back(std::move(delivery));
    }
    const auto all = [](const session::Delivery&) { return true; };
    for (session::Delivery& delivery : slot.session.queue.take_behind_paged(all))
        if (delivery.origin.is_shared()) shared.push_back(std::move(delivery));
    for (const session::Delivery& delivery : shared)
        return_delivery(slot, delivery);
}

void Shard::shared_finished(const session::Delivery& delivery, routing::SubscriberId subscriber) {
    if (settings_.share_strategy != routing::ShareStrategy::LeastInflight) return;
    if (delivery.qos == QoS::AtMostOnce) return;
    if (delivery.origin.peer == self())
        shared_.add_inflight(delivery.origin.group, {self(), subscriber}, -1);
    else
        tell(delivery.origin.peer, SharedFinished{delivery.origin.group, subscriber});
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
// What a shard stores: Sessions that outlive their connection, their subscriptions and deliveries, and Retained
// Messages. Changes of a turn are marked as they happen and written as one batch when it ends.
#include "broker/session/stored_keys.h"
#include "broker/session/stored_session.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using session::stored_key;
using session::StoredKind;

namespace {

session::StoredSession record_of(const SessionSlot& slot, session::WallClock clock) {
    session::StoredSession record;
    record.user_name = slot.identity.user_name;
    record.anonymous = slot.identity.anonymous;
    record.expiry_interval = slot.session.expiry_interval;
    if (slot.connection == nullptr) record.disconnected_at_ms = clock.wall_ms(slot.disconnected_at);
    if (slot.session.will) record.will = *slot.session.will;
    record.shared = slot.session.shared;
    return record;
}

session::StoredWindow window_of(session::Session& session) {
    session::StoredWindow stored;
    stored.queue_first = session.queue.first_number(session.stored->next_number());
    session.window.for_each_to_resend([&](const session::OutboundWindow::Entry& entry) {
        stored.window.push_back({entry.delivery.number, entry.packet_identifier, entry.state});
    });
    stored.taken = session.stored->taken(stored.queue_first);
    stored.received = session.received.all();
    return stored;
}

}  // namespace

void Shard::mark_changed(SessionSlot& slot) {
    if (slot.session.stored->is_listed) return;
    slot.session.stored->is_listed = true;
    changed_sessions_.push_back(slot.number);
}

// A Session that outlives its connection is kept in the store; one that was resumed to end with it is not any more,
// unless the store has what it is waiting for.
void Shard::store_or_drop(SessionSlot& slot) {
    if (!environment_.stores) return;
    session::Session& session = slot.session;
    if (!session.ends_with_connection() || session.queue.is_paged()) {
        // A new one, without subscriptions: what is stored once stays so until it ends or is dropped here.
        if (!session.stored) {
            session.stored = std::make_unique<session::StoredQueue>();
            session.stored->begin_at(end_of_ended_queues(session.client_identifier));
        }
        return store_session(slot);
    }
    if (!session.stored) return;
    subscriptions_.for_each_of(slot.number, [&](std::string_view filter, const routing::Subscription&) {
        erase_subscription(slot, filter);
        end_storing(filter);
    });
    erase_session(slot);
    session.window.for_each([](session::OutboundWindow::Entry& entry) { entry.delivery.number = 0; });
    session.queue.for_each_in_memory([](session::Delivery& delivery) { delivery.number = 0; });
}

// The record of the Session itself.
void Shard::note_session(SessionSlot& slot) {
    if (!slot.session.stored) return;
    slot.session.stored->record_changed = true;
    mark_changed(slot);
}

void Shard::store_session(SessionSlot& slot) {
    if (!slot.session.stored) return;
    note_session(slot);
    receipts_.needs_store();
}

// Packet Identifiers, and what was done with deliveries. Without a promise: the worst that its loss can do is that a
// client is sent again what it has acknowledged.
void Shard::store_window(SessionSlot& slot) {
    if (!slot.session.stored) return;
    slot.session.stored->window_changed = true;
    mark_changed(slot);
}

void Shard::promise_window(SessionSlot& slot) {
    if (!slot.session.stored) return;
    store_window(slot);
    receipts_.needs_store();
}

void Shard::store_delivery(SessionSlot& slot, session::Delivery& delivery) {
    if (!slot.session.stored || delivery.number != 0) return;
    const storage::Durability durability = durability_of(delivery.message->topic());
    if (durability == storage::Durability::Memory) return;
    delivery.number = slot.session.stored->add(delivery, environment_.clock);
    mark_changed(slot);
    receipts_.needs_store(durability);
}

void Shard::forget_delivery(SessionSlot& slot, session::Delivery& delivery) {
    const uint64_t number = std::exchange(delivery.number, 0);
    if (number == 0 || !slot.session.stored) return;
    slot.session.stored->finished(number);
    store_window(slot);
}

void Shard::store_subscription(const SessionSlot& slot, std::string_view filter,
                               const mqtt::SubscriptionOptions& options, uint32_t subscription_identifier) {
    if (!slot.session.stored) return;
    const uint32_t order = subscriptions_.sequence_of(filter, slot.number).value_or(0);
    std::string record;
    encode(session::StoredSubscription{options, subscription_identifier, order}, record);
    batch_.put(stored_key(StoredKind::Subscription, slot.session.client_identifier, filter), record);
    receipts_.needs_store();
}

void Shard::erase_subscription(const SessionSlot& slot, std::string_view filter) {
    if (!slot.session.stored) return;
    batch_.erase(stored_key(StoredKind::Subscription, slot.session.client_identifier, filter));
    receipts_.needs_store();
}

// All but the subscriptions, which are erased one by one as they end, and what other members of groups shall get.
void Shard::erase_session(SessionSlot& slot) {
    if (!slot.session.stored) return;
    const std::string& client = slot.session.client_identifier;
    batch_.erase(stored_key(StoredKind::Session, client));
    batch_.erase(stored_key(StoredKind::Window, client));
    session::StoredQueue& stored = *slot.session.stored;
    for (const uint64_t first : stored.take_emptied())
        batch_.erase(session::deliveries_key(client, first));
    constexpr size_t kOneByOne = 100;
    if (slot.session.queue.is_paged() || stored.segment_count() > kOneByOne) {
        const uint64_t begin = end_of_ended_queues(client);
        keep_ended_queue(slot);
        const bool is_kept = end_of_ended_queues(client) != begin;
        erase_deliveries(client, begin, is_kept ? slot.session.queue.paged_range().begin : UINT64_MAX);
        if (is_kept) erase_deliveries(client, slot.session.queue.paged_range().end, UINT64_MAX);
    } else {
        stored.for_each_segment([&](const session::StoredQueue::Segment& segment) {
            batch_.erase(session::deliveries_key(client, segment.first));
        });
    }
    slot.session.stored.reset();
    receipts_.needs_store();
}

// One shard writes a topic, so that the store ends with the message that won on every shard.
void Shard::store_retained_message(const Incoming& incoming) {
    if (incoming.fields.topic.starts_with('$')) return;  // The broker publishes them again.
    if (!environment_.stores || environment_.placement.owner_of_topic(incoming.fields.topic) != self()) return;
    const storage::Durability durability = durability_of(incoming.fields.topic);
    if (durability == storage::Durability::Memory) return;
    const std::string key = stored_key(StoredKind::Retained, incoming.fields.topic);
    if (incoming.fields.payload.empty()) {
        batch_.erase(key);
    } else {
        std::string record(1, static_cast<char>(session::kRecordVersion));
        encode_message(*incoming.message, environment_.clock, record);
        batch_.put(key, record);
    }
    if (incoming.fields.qos != mqtt::QoS::AtMostOnce) receipts_.needs_store(durability);
}

void Shard::write_session(SessionSlot& slot) {
    session::StoredQueue& stored = *slot.session.stored;
    const std::string& client = slot.session.client_identifier;
    stored.is_listed = false;
    record_.clear();
    if (std::exchange(stored.record_changed, false)) {
        encode(record_of(slot, environment_.clock), record_);
        batch_.put(stored_key(StoredKind::Session, client), record_);
    }
    if (const auto segment = stored.take_open(last_ticket_ + 1))
        batch_.put(session::deliveries_key(client, segment->first), segment->record);
    for (const uint64_t first : stored.take_emptied())
        batch_.erase(session::deliveries_key(client, first));
    if (std::exchange(stored.window_changed, false)) {
        record_.clear();
        encode(window_of(slot.session), record_);
        batch_.put(stored_key(StoredKind::Window, client), record_);
    }
    page_when_stored(slot);
}

// Puts the changes of the turn into effects(), and asks the peers whose word is needed.
void Shard::end_turn(Time now) {
    now_ = now;
    // Meanwhile the changes that promise nothing gather, so that what waits does not grow.
    const bool postponed = !store_refusal_.empty() && !receipts_.store_is_needed();
    if (!postponed) gather_batch();
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if ((receipts_.peers_needed() >> peer & 1) != 0)
            tell(peer, StoredAsked{receipts_.turn(), receipts_.kept() != 0});
    receipts_.end_turn(last_ticket_);
    settle_receipts();
}

void Shard::write_changes() {
    for (const routing::SubscriberId number : changed_sessions_) {
        SessionSlot* slot = sessions_.find(number);
        if (slot != nullptr && slot->session.stored && slot->session.stored->is_listed) write_session(*slot);
    }
    changed_sessions_.clear();
    if (recorder_) recorder_->end_turn(batch_);
}

void Shard::gather_batch() {
    write_changes();
    // A promise may rest on earlier batches alone, which nobody has asked to make safe: then an empty one asks.
    if (!batch_.empty() || receipts_.store_is_needed())
        effects_.store = Effects::Store{std::exchange(batch_, storage::WriteBatch{}), ++last_ticket_,
                                        std::max(receipts_.durability(), storage::Durability::Written)};
}

}  // namespace runnel::shard

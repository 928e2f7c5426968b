// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/recovery.h"

#include <algorithm>

#include "broker/mqtt/topic.h"
#include "broker/session/record.h"

namespace runnel::shard {

using session::OutboundWindow;
using session::StoredKind;

Recovery::Recovery(std::vector<Shard*> shards, Time now)
    : shards_(std::move(shards)),
      placement_(shards_.front()->environment_.placement),
      clock_(shards_.front()->environment_.clock),
      now_(now) {
    for (Shard* shard : shards_)
        shard->is_recovering_ = true;
}

bool Recovery::add(StoredKind kind, std::string_view key, std::string_view value) {
    const bool known = !key.empty() && add_record(kind, key.substr(1), value);
    if (!known) ++found_.unreadable;
    return known;
}

bool Recovery::add_record(StoredKind kind, std::string_view name, std::string_view value) {
    const size_t end = name.find('\0');
    const bool has_rest = kind == StoredKind::Subscription || kind == StoredKind::Deliveries;
    if (has_rest && end == std::string_view::npos) return false;
    if (has_rest) turn_to(name.substr(0, end));
    switch (kind) {
        case StoredKind::Session: return add_session(name, value);
        case StoredKind::Subscription: return add_subscription(name.substr(end + 1), value);
        case StoredKind::EndedQueue: return add_ended_queue(name, value);
        case StoredKind::Window: return add_window(name, value);
        case StoredKind::Deliveries: return add_deliveries(name.substr(end + 1), value);
        case StoredKind::Retained: return add_retained(name, value);
        case StoredKind::PublishedOnce: return add_published_once(name, value);
        case StoredKind::Run: last_run_ = decode_run(value); return last_run_.has_value();
        case StoredKind::Watermark: return add_watermark(name, value);
        case StoredKind::Outbox: return add_outbox(name, value);
        case StoredKind::Format: return true;
    }
    return false;
}

Shard& Recovery::owner_of_client(std::string_view client_identifier) const {
    return *shards_[placement_.owner_of_client(client_identifier)];
}

bool Recovery::add_session(std::string_view client_identifier, std::string_view value) {
    auto stored = session::decode_session(value);
    if (!stored) return false;
    Shard& shard = owner_of_client(client_identifier);
    SessionSlot& slot = shard.sessions_.make(client_identifier);
    slot.identity.user_name = slot.session.user_name = stored->user_name;
    slot.identity.anonymous = slot.session.anonymous = stored->anonymous;
    slot.session.expiry_interval = stored->expiry_interval;
    slot.session.stored = std::make_unique<session::StoredQueue>();
    if (stored->will) slot.session.will = std::make_unique<session::Will>(std::move(*stored->will));
    slot.session.shared = std::move(stored->shared);
    shard.counters_.sessions.add();
    restore_timers(shard, slot, *stored);
    join_groups(shard, slot);
    ++found_.sessions;
    return true;
}

// What ran out while the broker was down is due at once. A client that was connected when the broker ended counts as
// gone since now.
void Recovery::restore_timers(Shard& shard, SessionSlot& slot, const session::StoredSession& stored) {
    const Time since = stored.disconnected_at_ms ? std::min(clock_.time(*stored.disconnected_at_ms), now_) : now_;
    slot.disconnected_at = since;
    if (!stored.disconnected_at_ms) shard.note_session(slot);
    shard.set_expiry_timer(slot, since);
    if (!slot.session.will || slot.session.will->delay_interval >= slot.session.expiry_interval) return;
    slot.will_timer = shard.timers_.set(since + Duration::seconds(slot.session.will->delay_interval),
                                        static_cast<uint8_t>(Shard::Timer::WillDelay), slot.number);
}

void Recovery::join_groups(Shard& shard, SessionSlot& slot) {
    for (const session::SharedMembership& membership : slot.session.shared) {
        shard.next_membership_ = std::max(shard.next_membership_, membership.sequence + 1);
        shard.counters_.shared_subscriptions.add();
        shard.enter_group(slot, membership, 0);
    }
    if (!slot.session.shared.empty()) shard.member_changed(slot, false);
}

void Recovery::turn_to(std::string_view client_identifier) {
    if (current_.shard != nullptr && current_.client_identifier == client_identifier) return;
    finish_current();
    current_.client_identifier = client_identifier;
    current_.shard = &owner_of_client(client_identifier);
    current_.slot = current_.shard->sessions_.find(client_identifier);
    current_.ended_queues_end = current_.shard->end_of_ended_queues(client_identifier);
}

void Recovery::finish_current() {
    if (current_.slot != nullptr) {
        subscribe_all();
        const auto window = windows_.find(current_.slot);
        if (!current_.in_window.empty() && window != windows_.end()) {
            restore_window(*current_.slot, window->second);
            windows_.erase(window);
        }
    }
    current_ = {};
}

bool Recovery::add_subscription(std::string_view filter, std::string_view value) {
    const auto stored = session::decode_subscription(value);
    if (!stored || current_.slot == nullptr || !mqtt::parse_filter(filter)) return false;
    current_.subscribed.push_back({std::string(filter), *stored});
    return true;
}

void Recovery::subscribe_all() {
    Shard& shard = *current_.shard;
    std::sort(current_.subscribed.begin(), current_.subscribed.end(),
              [](const Subscribed& a, const Subscribed& b) { return a.stored.order < b.stored.order; });
    for (const Subscribed& one : current_.subscribed) {
        shard.begin_interest(one.filter, true, 0);
        shard.subscriptions_.subscribe(one.filter, current_.slot->number, one.stored.options,
                                       one.stored.subscription_identifier);
        shard.counters_.subscriptions.add();
        ++found_.subscriptions;
    }
    if (!current_.subscribed.empty()) shard.routes_changed();
}

bool Recovery::add_ended_queue(std::string_view name, std::string_view value) {
    auto queue = session::decode_ended_queue(name, value);
    if (!queue) return false;
    finish_current();
    Shard& shard = owner_of_client(queue->client_identifier);
    SessionSlot* slot = shard.sessions_.find(queue->client_identifier);
    if (slot != nullptr) slot->session.stored->begin_at(queue->end);
    shard.ended_queues_.push_back(*std::move(queue));
    return true;
}

bool Recovery::add_window(std::string_view client_identifier, std::string_view value) {
    auto stored = session::decode_window(value);
    SessionSlot* slot = owner_of_client(client_identifier).sessions_.find(client_identifier);
    if (!stored || slot == nullptr) return false;
    for (const mqtt::PacketIdentifier identifier : stored->received)
        if (!slot->session.received.contains(identifier)) slot->session.received.insert(identifier);
    slot->session.stored->restore_taken(stored->queue_first, stored->taken);
    windows_.emplace(slot, std::move(*stored));
    return true;
}

// What a segment holds: the sizes of what waits, 0 for the rest, and what else of it is needed.
struct Recovery::Needed {
    std::vector<uint64_t> waiting;
    uint64_t waiting_count = 0;
    uint64_t waiting_bytes = 0;
    uint64_t in_window = 0;
};

Recovery::Needed Recovery::needed_of(uint64_t first, const std::vector<uint64_t>& sizes) {
    const auto window = windows_.find(current_.slot);
    const bool has_window = window != windows_.end();
    if (has_window && !std::exchange(current_.knows_window, true)) {
        for (const session::StoredWindow::Entry& entry : window->second.window)
            current_.window_numbers.push_back(entry.number);
        std::sort(current_.window_numbers.begin(), current_.window_numbers.end());
        std::sort(window->second.taken.begin(), window->second.taken.end());
    }
    const auto contains = [](const std::vector<uint64_t>& sorted, uint64_t number) {
        return std::binary_search(sorted.begin(), sorted.end(), number);
    };
    Needed needed;
    needed.waiting = sizes;
    for (uint64_t i = 0; i < sizes.size(); ++i) {
        const bool in_window = contains(current_.window_numbers, first + i);
        const bool waits =
            !in_window &&
            (!has_window || (first + i >= window->second.queue_first && !contains(window->second.taken, first + i)));
        needed.in_window += in_window ? 1 : 0;
        needed.waiting_count += waits ? 1 : 0;
        if (waits)
            needed.waiting_bytes += sizes[i];
        else
            needed.waiting[i] = 0;
    }
    return needed;
}

// Of a long queue only the beginning comes into memory.
bool Recovery::add_deliveries(std::string_view number, std::string_view record) {
    if (number.size() != sizeof(uint64_t)) return false;
    const uint64_t first = session::number_of(number);
    if (first < current_.ended_queues_end) return true;
    if (current_.slot == nullptr) return false;
    session::StoredQueue& stored = *current_.slot->session.stored;
    stored.restore_paged(first + 1);
    const auto segment = session::decode_segment(record);
    if (!segment) return false;
    const auto count = static_cast<uint32_t>(segment->sizes.size());
    stored.restore_paged(first + count);
    Needed needed = needed_of(first, segment->sizes);
    session::SessionQueue& queue = current_.slot->session.queue;
    if (needed.in_window == 0 && needed.waiting_count != 0 &&
        queue.restores_paged(current_.shard->settings_.page_offline)) {
        queue.restore_paged(first, needed.waiting, stored);
    } else if (needed.in_window + needed.waiting_count != 0 && !load(first, *segment, needed)) {
        return false;
    } else {
        stored.restore(first, count, static_cast<uint32_t>(needed.in_window + needed.waiting_count));
    }
    if (needed.in_window + needed.waiting_count == 0) current_.shard->mark_changed(*current_.slot);
    found_.deliveries += needed.in_window + needed.waiting_count;
    current_.shard->counters_.queued_messages.add(needed.waiting_count);
    current_.shard->counters_.queued_bytes.add(needed.waiting_bytes);
    return true;
}

// Into the queue and the window. All of the segment or nothing.
bool Recovery::load(uint64_t first, const session::StoredSegment& segment, const Needed& needed) {
    session::RecordReader reader(segment.deliveries);
    std::vector<session::Delivery> deliveries;
    for (size_t i = 0; i < segment.sizes.size(); ++i) {
        auto delivery = session::decode_delivery(reader, clock_);
        if (!delivery || delivery->message->memory_size() != segment.sizes[i]) return false;
        delivery->number = first + i;
        deliveries.push_back(std::move(*delivery));
    }
    const std::vector<uint64_t>& in_window = current_.window_numbers;
    for (size_t i = 0; i < deliveries.size(); ++i) {
        if (needed.waiting[i] != 0)
            current_.slot->session.queue.push_back(std::move(deliveries[i]));
        else if (std::binary_search(in_window.begin(), in_window.end(), first + i))
            current_.in_window.emplace(first + i, std::move(deliveries[i]));
    }
    return true;
}

// In the order in which they are sent again.
void Recovery::restore_window(SessionSlot& slot, session::StoredWindow& window) {
    uint64_t pubrels = 0;
    for (const session::StoredWindow::Entry& stored : window.window) {
        OutboundWindow::Entry entry;
        entry.packet_identifier = stored.packet_identifier;
        entry.state = stored.state;
        entry.sent = false;
        if (stored.state == OutboundWindow::State::AwaitingPubcomp) {
            entry.pubrel_order = ++pubrels;
            entry.delivery.qos = mqtt::QoS::ExactlyOnce;
        } else {
            const auto delivery = current_.in_window.find(stored.number);
            if (delivery == current_.in_window.end()) continue;
            entry.delivery = std::move(delivery->second);
        }
        slot.session.window.restore(std::move(entry));
        owner_of_client(slot.session.client_identifier).counters_.inflight_messages.add();
    }
}

bool Recovery::add_retained(std::string_view topic, std::string_view value) {
    session::RecordReader reader(value);
    if (reader.byte() != session::kRecordVersion) return false;
    const mqtt::MessageRef message = session::decode_message(reader, clock_);
    if (!message || message->topic() != topic) return false;
    // Of a topic that is in memory only from now on, this one would come back in place of later ones.
    const bool is_left_over = shards_.front()->durability_of(topic) == storage::Durability::Memory;
    if (message->is_expired(now_) || is_left_over) {
        shards_[placement_.owner_of_topic(topic)]->batch_.erase(session::stored_key(StoredKind::Retained, topic));
        return true;
    }
    ++found_.retained_messages;
    for (Shard* shard : shards_)
        shard->retained_.store(message, {});
    return true;
}

bool Recovery::add_published_once(std::string_view name, std::string_view value) {
    auto entry = decode_idempotency_entry(value, clock_);
    if (!entry) return false;
    shards_[placement_.owner_of_key(placing_part_of(name))]->keys_.add(name, *std::move(entry));
    return true;
}

void Recovery::finish() {
    finish_current();
    for (auto& [slot, window] : windows_)
        restore_window(*const_cast<SessionSlot*>(slot), window);
    windows_.clear();
    exchange();
    for (Shard* shard : shards_)
        name_groups(*shard);
    for (const auto& [key, record] : outbox_)
        replay(key, record);
    exchange();
    for (Shard* shard : shards_) {
        shard->is_recovering_ = false;
        shard->counters_.retained_messages.set(shard->retained_.count());
        shard->counters_.retained_bytes.set(shard->retained_.bytes());
    }
}

void Recovery::exchange() {
    for (bool silence = false; !silence;) {
        silence = true;
        for (PeerIndex from = 0; from < shards_.size(); ++from) {
            for (PeerIndex to = 0; to < shards_.size(); ++to) {
                PeerMessages messages = std::exchange(shards_[from]->effects_.tells[to], {});
                if (messages.empty()) continue;
                silence = false;
                shards_[to]->peer_messages_received(from, std::move(messages), now_);
            }
        }
    }
}

// A stored delivery knows the membership it came by; the number of the group is new.
void Recovery::name_groups(Shard& shard) {
    shard.sessions_.for_each([&](SessionSlot& slot) {
        if (slot.session.shared.empty()) return;
        for (session::SharedMembership& membership : slot.session.shared) {
            const PeerIndex owner = placement_.owner_of_group(membership.share_name, membership.filter);
            const auto group = shards_[owner]->shared_.find(membership.share_name, membership.filter);
            if (group) membership.origin = {*group, owner, membership.sequence};
        }
        shard.name_origins(slot);
    });
}

bool Recovery::add_watermark(std::string_view name, std::string_view value) {
    const auto watermark = decode_watermark(name, value);
    if (!watermark) return false;
    watermarks_[{watermark->receiver, watermark->sender}] = watermark->turn;
    return true;
}

bool Recovery::add_outbox(std::string_view name, std::string_view value) {
    const auto key = decode_outbox_key(name);
    auto record = decode_outbox_record(value, clock_);
    if (!key || !record || !last_run_) return false;
    outbox_.emplace_back(*key, std::move(*record));
    return true;
}

// Whether this shard of the last run had stored what the sender told it in that turn.
bool Recovery::has(PeerIndex receiver, const OutboxKey& key) const {
    if (receiver == key.sender) return true;  // In the batch with the record.
    const auto at = watermarks_.find({receiver, key.sender});
    return at != watermarks_.end() && at->second >= key.turn;
}

void Recovery::replay(const OutboxKey& key, const OutboxRecord& record) {
    if (record.message->is_expired(now_)) return;
    if (!record.is_for_group()) return replay_to_all(key, record.message);
    if (has(record.receiver, key)) return;
    Shard& owner = *shards_[placement_.owner_of_group(record.share_name, record.filter)];
    const auto group = owner.shared_.find(record.share_name, record.filter);
    Incoming incoming = incoming_of(record.message);
    if (group) owner.dispatch(*group, incoming, std::nullopt);
}

void Recovery::replay_to_all(const OutboxKey& key, const mqtt::MessageRef& message) {
    if (message->retain() && !has(last_run_->owner_of_topic(message->topic()), key)) replay_retained(message);
    for (Shard* shard : shards_) {
        Incoming incoming = incoming_of(message);
        const FanOut& fan_out = shard->fan_out_of(message->topic());
        for (const Target& target : fan_out.targets) {
            const std::string& client = target.slot->session.client_identifier;
            if (has(last_run_->owner_of_client(client), key)) continue;
            if (target.no_local && client == message->publisher()) continue;
            shard->deliver(*target.slot, incoming, target.subscription_identifiers,
                           std::min(target.qos, message->qos()), target.retain_as_published && message->retain(), {});
        }
        for (const routing::GroupId group : fan_out.groups) {
            const PeerIndex owner =
                last_run_->owner_of_group(shard->shared_.share_name_of(group), shard->shared_.filter_of(group));
            if (!has(owner, key)) shard->dispatch(group, incoming, std::nullopt);
        }
    }
}

void Recovery::replay_retained(const mqtt::MessageRef& message) {
    ++replayed_;
    for (Shard* shard : shards_) {
        Incoming incoming = incoming_of(message);
        shard->store_retained(incoming, {0, replayed_, 0});
    }
}

storage::WriteBatch Recovery::take_batch() {
    storage::WriteBatch all;
    all.erase_range(session::stored_key(StoredKind::Watermark, {}), session::end_of(StoredKind::Watermark));
    all.erase_range(session::stored_key(StoredKind::Outbox, {}), session::end_of(StoredKind::Outbox));
    all.put(run_key(), encode_run(placement_));
    for (Shard* shard : shards_) {
        shard->write_changes();
        all.append(shard->batch_);
        shard->batch_.clear();
    }
    return all;
}

}  // namespace runnel::shard

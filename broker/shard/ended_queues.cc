// SPDX-License-Identifier: Apache-2.0
// Long queues of Sessions that have ended: what came by Shared Subscriptions goes to other members of their groups, as
// what is in memory does at once (shared.cc). It is read page by page, one queue at a time.
#include <algorithm>

#include "broker/session/ended_queue.h"
#include "broker/session/record.h"
#include "broker/session/stored_keys.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using session::EndedQueue;
using session::StoredKind;

// What of the queue is in the store only stays there, under a record of its own.
void Shard::keep_ended_queue(SessionSlot& slot) {
    if (!slot.session.queue.is_paged() || slot.session.shared.empty()) return;
    const session::SessionQueue::PagedRange paged = slot.session.queue.paged_range();
    EndedQueue queue;
    queue.client_identifier = slot.session.client_identifier;
    queue.begin = queue.next = paged.begin;
    queue.first = paged.first;
    queue.end = paged.end;
    for (const uint64_t number : slot.session.stored->taken(paged.first))
        if (number < paged.end) queue.taken.push_back(number);
    std::ranges::sort(queue.taken);
    for (const session::SharedMembership& membership : slot.session.shared)
        queue.memberships.push_back({membership.sequence, membership.share_name, membership.filter});
    record_.clear();
    encode(queue, record_);
    batch_.put(key_of(queue), record_);
    receipts_.needs_store();
    ended_queues_.push_back(std::move(queue));
}

// No Session of this client may use a number below it, or erase it.
uint64_t Shard::end_of_ended_queues(std::string_view client_identifier) const {
    uint64_t end = 0;
    for (const EndedQueue& queue : ended_queues_)
        if (queue.client_identifier == client_identifier) end = std::max(end, queue.end);
    return end;
}

void Shard::erase_deliveries(std::string_view client_identifier, uint64_t begin, uint64_t end) {
    if (begin < end)
        batch_.erase_range(session::deliveries_key(client_identifier, begin),
                           session::deliveries_key(client_identifier, end));
}

void Shard::read_ended_queue() {
    if (ended_queues_.empty() || ended_queue_read_ != 0 || !store_refusal_.empty()) return;
    const EndedQueue& queue = ended_queues_.front();
    ended_queue_read_ = ++last_read_;
    effects_.reads.push_back({0, ended_queue_read_, session::deliveries_key(queue.client_identifier, queue.next),
                              session::deliveries_key(queue.client_identifier, queue.end), queue.end,
                              static_cast<size_t>(settings_.page_offline.bytes)});
}

// The segments go in the batch that stores what has become of their messages.
void Shard::ended_queue_read(const DeliveriesRead& answer) {
    ended_queue_read_ = 0;
    if (answer.failed) return;  // keep_house asks again.
    EndedQueue& queue = ended_queues_.front();
    for (const auto& [key, record] : answer.records) {
        give_to_others(queue, session::number_of(key), record);
        batch_.erase(key);
        queue.next = session::number_of(key) + 1;
    }
    if (!answer.has_more) {
        batch_.erase(key_of(queue));
        ended_queues_.pop_front();
    }
    read_ended_queue();
}

void Shard::give_to_others(const EndedQueue& queue, uint64_t number, std::string_view record) {
    const auto segment = session::decode_segment(record);
    if (!segment) return log_.error("stored messages are damaged", {{"client", queue.client_identifier}});
    session::RecordReader reader(segment->deliveries);
    for (size_t left = segment->sizes.size(); left > 0; --left, ++number) {
        const auto delivery = decode_delivery(reader, environment_.clock);
        if (!delivery) return log_.error("stored messages are damaged", {{"client", queue.client_identifier}});
        const EndedQueue::Membership* membership = queue.membership_of(delivery->origin.sequence);
        if (membership != nullptr && queue.counts(number)) give_to_group(*membership, delivery->message);
    }
}

void Shard::give_to_group(const EndedQueue::Membership& membership, const mqtt::MessageRef& message) {
    const PeerIndex owner = environment_.placement.owner_of_group(membership.share_name, membership.filter);
    if (owner == self()) return dispatch_returned(membership.share_name, membership.filter, message);
    tell(owner, SharedLeftOver{membership.share_name, membership.filter, message});
    receipts_.needs_peers(routing::PeerMask{1} << owner);
    keep_until_stored(message, membership.share_name, membership.filter, owner);
}

void Shard::receive(PeerIndex, SharedLeftOver& message, Time) {
    dispatch_returned(message.share_name, message.filter, message.message);
}

// Whoever had it has ended, so nobody is left out.
void Shard::dispatch_returned(std::string_view share_name, std::string_view filter, const mqtt::MessageRef& message) {
    constexpr routing::Member kNobody{UINT32_MAX, UINT32_MAX};
    const auto group = shared_.find(share_name, filter);
    if (!group) return counters_.dropped_offline.add();
    Incoming incoming = incoming_of(message);
    dispatch(*group, incoming, kNobody);
}

}  // namespace runnel::shard

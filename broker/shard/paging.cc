// SPDX-License-Identifier: Apache-2.0
// Long queues of stored Sessions: what the store has leaves memory, and is read again when its turn comes.
#include <algorithm>

#include "broker/session/stored_keys.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

const session::SessionQueue::Budget& Shard::page_budget(const SessionSlot& slot) const {
    return slot.connection != nullptr ? settings_.page_connected : settings_.page_offline;
}

void Shard::page_when_stored(SessionSlot& slot) {
    session::StoredQueue& stored = *slot.session.stored;
    if (stored.awaits_paging || !slot.session.queue.is_over(page_budget(slot))) return;
    stored.awaits_paging = true;
    to_page_.emplace_back(last_ticket_ + 1, slot.number);
}

void Shard::page_stored(StoreTicket ticket) {
    const size_t listed = to_page_.size();
    for (size_t i = 0; i < listed && to_page_.front().first <= ticket; ++i) {
        SessionSlot* slot = sessions_.find(to_page_.front().second);
        to_page_.pop_front();
        if (slot == nullptr || !slot->session.stored || !slot->session.stored->awaits_paging) continue;
        slot->session.stored->awaits_paging = false;
        const session::SessionQueue::Budget& budget = page_budget(*slot);
        if (!slot->session.queue.is_over(budget)) continue;
        slot->session.queue.page_out(*slot->session.stored, ticket, budget);
        if (ticket >= last_ticket_ || !slot->session.queue.is_over(budget)) continue;
        // The rest of it goes with the batches that are on the way.
        slot->session.stored->awaits_paging = true;
        to_page_.emplace_back(last_ticket_, slot->number);
    }
}

// The client is there: what it will be sent next comes into memory.
void Shard::read_paged(SessionSlot& slot) {
    session::SessionQueue& queue = slot.session.queue;
    const session::SessionQueue::Budget& budget = settings_.page_offline;
    if (!queue.is_paged() || queue.asked() != 0 || !queue.front_is_low(budget)) return;
    const session::SessionQueue::PagedRange question = queue.ask(++last_read_);
    const std::string& client = slot.session.client_identifier;
    effects_.reads.push_back({slot.number, last_read_, session::deliveries_key(client, question.begin),
                              session::deliveries_key(client, question.end), question.end,
                              static_cast<size_t>(budget.bytes)});
}

void Shard::deliveries_read(const DeliveriesRead& answer, Time now) {
    now_ = now;
    if (answer.generation == ended_queue_read_) {
        ended_queue_read(answer);
        return carry_out_deferred(now);
    }
    SessionSlot* slot = sessions_.find(static_cast<routing::SubscriberId>(answer.session));
    if (slot == nullptr || slot->session.queue.asked() != answer.generation) return;  // It has ended.
    session::SessionQueue& queue = slot->session.queue;
    queue.asking_ended();
    if (!queue.is_paged()) return;  // All of it was dropped meanwhile.
    if (answer.failed) return failed_reads_.push_back(slot->number);
    session::StoredQueue& stored = *slot->session.stored;
    session::SessionQueue::Lost lost;
    const auto add = [&](const session::SessionQueue::Lost& more) {
        lost.messages += more.messages;
        lost.bytes += more.bytes;
    };
    for (const auto& [key, record] : answer.records)
        add(queue.page_in(session::number_of(key), record, environment_.clock, stored));
    if (!answer.has_more) add(queue.lose_until(answer.end_number, stored));
    if (lost.messages != 0) {
        counters_.queued_messages.subtract(lost.messages);
        counters_.queued_bytes.subtract(lost.bytes);
        log_.error("stored messages are missing or damaged",
                   {{"client", slot->session.client_identifier}, {"messages", lost.messages}});
    }
    mark_changed(*slot);  // Segments that are needed no longer.
    name_origins(*slot);
    if (slot->connection != nullptr) deliver_waiting(*slot->connection, now);
    carry_out_deferred(now);
}

// A stored delivery knows the membership that it came by, not where the group is now.
void Shard::name_origins(SessionSlot& slot) {
    if (slot.session.shared.empty()) return;
    const auto name = [&](session::Delivery& delivery) {
        if (delivery.origin.sequence == 0 || delivery.origin.is_shared()) return;
        for (const session::SharedMembership& membership : slot.session.shared)
            if (membership.sequence == delivery.origin.sequence && membership.origin.is_shared())
                delivery.origin = membership.origin;
    };
    slot.session.queue.for_each_in_memory(name);
    slot.session.window.for_each([&](session::OutboundWindow::Entry& entry) { name(entry.delivery); });
}

// Reads that the disk refused.
void Shard::ask_again() {
    for (const routing::SubscriberId number : std::exchange(failed_reads_, {})) {
        SessionSlot* slot = sessions_.find(number);
        if (slot != nullptr && slot->connection != nullptr) read_paged(*slot);
    }
}

void Shard::drop_oldest(SessionSlot& slot) {
    session::SessionQueue& queue = slot.session.queue;
    counters_.queued_messages.subtract();
    if (!queue.can_pop()) {
        counters_.queued_bytes.subtract(queue.drop_paged(*slot.session.stored));
        store_window(slot);
        return count_drop(counters_.dropped_queue_full, slot, {}, "the queue is full");
    }
    session::Delivery oldest = queue.pop_front();
    counters_.queued_bytes.subtract(oldest.message->memory_size());
    let_go(oldest, slot);
    count_drop(counters_.dropped_queue_full, slot, oldest.message->topic(), "the queue is full");
}

}  // namespace runnel::shard

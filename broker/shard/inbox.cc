// SPDX-License-Identifier: Apache-2.0
// Sessions without a Network Connection that a bridge empties (api::Inbox), on the shard that owns their Client
// Identifier.
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

void Shard::open_inbox(const api::Inbox& inbox, Time now) {
    now_ = now;
    if (environment_.placement.owner_of_client(inbox.client.client_identifier) == self()) (void)session_of(inbox);
}

void Shard::take_inbox(InboxNumber number, const api::Inbox& inbox, Time now) {
    now_ = now;
    const PeerIndex owner = environment_.placement.owner_of_client(inbox.client.client_identifier);
    if (owner == self())
        effects_.inbox_answers.push_back({number, take_from(inbox)});
    else
        tell(owner, InboxAsked{number, inbox});
    carry_out_deferred(now);
}

void Shard::receive(PeerIndex from, InboxAsked& message, Time) {
    tell(from, InboxAnswered{message.number, take_from(message.inbox)});
}

void Shard::receive(PeerIndex, InboxAnswered& message, Time) {
    effects_.inbox_answers.push_back({message.number, std::move(message.messages)});
}

void Shard::give_back_inbox(const api::Inbox& inbox, Time now) {
    now_ = now;
    const std::string& client = inbox.client.client_identifier;
    const PeerIndex owner = environment_.placement.owner_of_client(client);
    if (owner != self()) return tell(owner, InboxGivenBack{client});
    inbox_given_.erase(client);
}

void Shard::receive(PeerIndex, InboxGivenBack& message, Time) {
    inbox_given_.erase(message.client_identifier);
}

// Null if the Client Identifier belongs to another user.
SessionSlot* Shard::session_of(const api::Inbox& inbox) {
    const std::string& client = inbox.client.client_identifier;
    SessionSlot* slot = sessions_.find(client);
    if (slot != nullptr && slot->identity != inbox.client.identity) {
        log_.error("an inbox cannot be: its Client Identifier belongs to another user", {{"client", client}});
        return nullptr;
    }
    if (slot == nullptr) {
        slot = &sessions_.make(client);
        counters_.sessions.add();
        slot->identity = inbox.client.identity;
        slot->session.user_name = slot->identity.user_name;
        slot->session.anonymous = slot->identity.anonymous;
        slot->session.expiry_interval = mqtt::kSessionExpiryNever;
        slot->disconnected_at = now_;
        store_or_drop(*slot);
    }
    subscribe_inbox(*slot, inbox.filter);
    return slot;
}

// To this filter, and to no other that the configuration named before.
void Shard::subscribe_inbox(SessionSlot& slot, const std::string& filter) {
    std::vector<std::string> others;
    bool is_there = false;
    subscriptions_.for_each_of(slot.number, [&](std::string_view one, const routing::Subscription&) {
        is_there = is_there || one == filter;
        if (one != filter) others.emplace_back(one);
    });
    for (const std::string& other : others) {
        subscriptions_.unsubscribe(other, slot.number);
        erase_subscription(slot, other);
        end_interest(other, slot.session.stored != nullptr);
        counters_.subscriptions.subtract();
    }
    if (!is_there) {
        mqtt::SubscriptionOptions options;
        options.qos = mqtt::QoS::AtLeastOnce;
        begin_interest(filter, slot.session.stored != nullptr, 0);
        subscriptions_.subscribe(filter, slot.number, options, 0);
        store_subscription(slot, filter, options, 0);
        counters_.subscriptions.add();
    }
    if (!is_there || !others.empty()) routes_changed();
}

std::vector<mqtt::MessageRef> Shard::take_from(const api::Inbox& inbox) {
    SessionSlot* slot = session_of(inbox);
    if (slot == nullptr || slot->connection != nullptr) return {};
    forget_given(*slot);
    std::vector<mqtt::MessageRef> messages;
    std::vector<mqtt::MessageRef>& given = inbox_given_[inbox.client.client_identifier];
    uint64_t bytes = 0;
    for (size_t i = 0; const session::Delivery* delivery = slot->session.queue.look_at(i); ++i) {
        bytes += delivery->message->payload().size();
        const bool is_full = messages.size() >= inbox.count_max || (bytes > inbox.bytes_max && !messages.empty());
        if (is_full) break;
        given.push_back(delivery->message);
        if (!delivery->message->is_expired(now_)) messages.push_back(delivery->message);
    }
    read_paged(*slot);
    return messages;
}

// The request before this one has been answered with them. Some may have been dropped since, since the queue was full.
void Shard::forget_given(SessionSlot& slot) {
    for (const mqtt::MessageRef& message : std::exchange(inbox_given_[slot.session.client_identifier], {})) {
        const session::Delivery* first = slot.session.queue.look_at(0);
        if (first == nullptr || first->message.get() != message.get()) continue;
        session::Delivery delivery = slot.session.queue.pop_front();
        counters_.queued_messages.subtract();
        counters_.queued_bytes.subtract(delivery.message->memory_size());
        let_go(delivery, slot);
    }
}

}  // namespace runnel::shard

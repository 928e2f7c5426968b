// SPDX-License-Identifier: Apache-2.0
// What this shard asks of its peers, and whose answers it waits for.
#include "broker/shard/shard.h"

namespace runnel::shard {

ReceiptId Shard::new_receipt(ConnectionId connection) {
    const ReceiptId receipt = next_receipt_++;
    questions_[receipt].connection = connection;
    return receipt;
}

// A subscriber for this filter is coming; `stores`: a stored one. Returns how many peers will confirm to `receipt` that
// they forward to it, and ask when that is safe.
uint32_t Shard::begin_interest(std::string_view filter, bool stores, ReceiptId receipt) {
    if (peer_count() == 1) return 0;
    const auto first = local_interest_.add(filter);
    const auto first_stored = stores ? local_storing_.add(filter) : std::nullopt;
    return announce(first_stored ? first_stored : first, first_stored.has_value(), receipt);
}

void Shard::end_interest(std::string_view filter, bool stores) {
    if (peer_count() == 1) return;
    const auto last_stored = stores ? local_storing_.remove(filter) : std::nullopt;
    if (const auto last = local_interest_.remove(filter)) return withdraw(*last, false);
    if (last_stored) withdraw(*last_stored, true);
}

// The subscriber stays, but is not stored any more.
void Shard::end_storing(std::string_view filter) {
    if (peer_count() == 1) return;
    if (const auto last_stored = local_storing_.remove(filter)) withdraw(*last_stored, true);
}

void Shard::withdraw(routing::InterestKey key, bool only_storing) {
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if (peer != self()) tell(peer, InterestWithdrawn{key, only_storing});
}

// Without a key, somebody else has announced it before: it is only asked whether that has arrived, and not even that
// when every announcement of this shard is confirmed.
uint32_t Shard::announce(std::optional<routing::InterestKey> key, bool stores, ReceiptId receipt) {
    if (!key && unconfirmed_announcements_ == 0) return 0;
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if (peer != self())
            tell(peer, InterestAnnounced{receipt, key.has_value(), key.value_or(routing::InterestKey{}), stores});
    unconfirmed_announcements_ += peer_count() - 1;
    return peer_count() - 1;
}

void Shard::confirmed(ReceiptId receipt, Time now) {
    const auto at = questions_.find(receipt);
    if (at == questions_.end()) return;  // Whoever asked is gone.
    Question& question = at->second;
    if (question.for_peer) {
        if (--question.outstanding > 0) return;
        tell(question.peer, Confirmed{question.peer_receipt, false});
        questions_.erase(at);
        return;
    }
    Connection* connection = find(question.connection);
    if (connection == nullptr) {
        questions_.erase(at);
        return;
    }
    if (!connection->pending_subscribe || connection->pending_subscribe->receipt != receipt) return;
    if (--connection->pending_subscribe->outstanding > 0) return;
    questions_.erase(at);
    subscribe_confirmed(*connection, now);
}

}  // namespace runnel::shard

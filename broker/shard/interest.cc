// SPDX-License-Identifier: Apache-2.0
// What this shard asks of its peers, and whose answers it waits for.
#include "broker/shard/shard.h"

namespace runnel::shard {

ReceiptId Shard::new_receipt(ConnectionId connection) {
    const ReceiptId receipt = next_receipt_++;
    questions_[receipt].connection = connection;
    return receipt;
}

// A subscriber for this filter is coming. Returns how many peers will confirm to `receipt` that they forward to it.
uint32_t Shard::begin_interest(std::string_view filter, ReceiptId receipt) {
    if (peer_count() == 1) return 0;
    return announce(local_interest_.add(filter), receipt);
}

void Shard::end_interest(std::string_view filter) {
    if (peer_count() == 1) return;
    const auto key = local_interest_.remove(filter);
    if (!key) return;
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if (peer != self()) tell(peer, InterestWithdrawn{*key});
}

// Without a key, somebody else has announced it before: it is only asked whether that has arrived, and not even that
// when every announcement of this shard is confirmed.
uint32_t Shard::announce(std::optional<routing::InterestKey> key, ReceiptId receipt) {
    if (!key && unconfirmed_announcements_ == 0) return 0;
    return ask_peers(key, receipt);
}

// Each peer confirms to `receipt` when it has heard this and all that it was told before.
uint32_t Shard::ask_peers(std::optional<routing::InterestKey> key, ReceiptId receipt) {
    for (PeerIndex peer = 0; peer < peer_count(); ++peer)
        if (peer != self())
            tell(peer, InterestAnnounced{receipt, key.has_value(), key.value_or(routing::InterestKey{})});
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
    if (!connection->pending_subscribe || connection->pending_subscribe->receipt != receipt)
        return acknowledgement_confirmed(*connection, receipt);
    if (--connection->pending_subscribe->outstanding > 0) return;
    questions_.erase(at);
    subscribe_confirmed(*connection, now);
}

}  // namespace runnel::shard

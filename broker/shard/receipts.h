// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "broker/routing/peer_interest.h"
#include "broker/shard/ids.h"
#include "storage/write_batch.h"

namespace runnel::shard {

// Counts the batches that a shard gave to the store; 0 is none.
using StoreTicket = uint64_t;
// Counts the turns of a shard.
using TurnNumber = uint64_t;
// Names a publish of a client of a bridge, for its answer.
using LocalPublishNumber = uint64_t;
// Names a look into an inbox, for its answer.
using InboxNumber = uint64_t;

// Which promises wait for what. All that is held back in one turn waits for the batch of this turn, and for the peers
// that were told something in it; so a promise costs a number. Turns are completed in any order, for two shards may
// wait for each other's later turns.
class Receipts {
public:
    // What has to wait for a turn.
    struct Held {
        std::vector<ConnectionId> connections;
        // Peers that asked to be told when what they sent is stored, each with the number it named.
        std::vector<std::pair<PeerIndex, TurnNumber>> questions;
        // Of what the store keeps until the turn is complete.
        std::vector<std::string> outbox_keys;
        // Of clients of bridges that wait for an answer.
        std::vector<LocalPublishNumber> publishes;
        bool empty() const {
            return connections.empty() && questions.empty() && outbox_keys.empty() && publishes.empty();
        }
    };

    // `usual`: what is promised where nothing else is said.
    explicit Receipts(storage::Durability usual = storage::Durability::Synced) : usual_(usual) {}

    TurnNumber turn() const { return current_.number; }
    // The batch of this turn has to be stored, or a peer has to answer, before what is held in it may go.
    void needs_store() { needs_store(usual_); }
    void needs_store(storage::Durability durability) {
        if (durability == storage::Durability::Memory) return;
        current_.durability = std::max(current_.durability, durability);
        ++needs_;
    }
    void needs_peers(routing::PeerMask peers) {
        if (peers == 0) return;
        current_.peers |= peers;
        ++needs_;
    }
    // Grows with every need: whether something needed anything is told by two looks.
    uint64_t needs() const { return needs_; }
    void hold(ConnectionId connection) {
        auto& held = current_.held.connections;
        if (held.empty() || held.back() != connection) held.push_back(connection);
    }
    void hold(PeerIndex peer, TurnNumber its_turn) { current_.held.questions.emplace_back(peer, its_turn); }

    void hold_publish(LocalPublishNumber publish) { current_.held.publishes.push_back(publish); }

    void keep(std::string outbox_key) { current_.held.outbox_keys.push_back(std::move(outbox_key)); }
    size_t kept() const { return current_.held.outbox_keys.size(); }

    bool store_is_needed() const { return current_.durability != storage::Durability::Memory; }
    // How durable the batch of this turn has to be for what is promised; Memory if nothing is.
    storage::Durability durability() const { return current_.durability; }
    routing::PeerMask peers_needed() const { return current_.peers; }
    // `ticket` is that of the batch of this turn; 0 if it has none.
    void end_turn(StoreTicket ticket);

    void stored(StoreTicket ticket);
    void answered(PeerIndex peer, TurnNumber turn);
    StoreTicket stored() const { return stored_; }

    // What waited for turns that have become complete.
    std::vector<Held> take_completed() { return std::exchange(completed_, {}); }
    bool is_complete(TurnNumber turn) const;

private:
    struct Turn {
        TurnNumber number = 1;
        StoreTicket ticket = 0;
        storage::Durability durability = storage::Durability::Memory;
        routing::PeerMask peers = 0;
        bool done = false;
        Held held;
    };
    const Turn* find(TurnNumber number) const;
    void complete_if_possible(Turn& turn);
    void forget_done();

    storage::Durability usual_;
    Turn current_;
    std::deque<Turn> waiting_;  // In the order of their numbers, and so of their tickets.
    std::vector<Held> completed_;
    StoreTicket stored_ = 0;
    uint64_t needs_ = 0;
};

}  // namespace runnel::shard

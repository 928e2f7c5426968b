// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/receipts.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "broker/base/random.h"

namespace runnel::shard {
namespace {

constexpr ConnectionId kOne{1, 0};
constexpr ConnectionId kTwo{2, 0};

std::vector<ConnectionId> connections_of(std::vector<Receipts::Held> completed) {
    std::vector<ConnectionId> all;
    for (const Receipts::Held& held : completed)
        all.insert(all.end(), held.connections.begin(), held.connections.end());
    return all;
}

TEST_CASE("receipts: what needs the store goes when its batch is stored, and not before") {
    Receipts receipts;
    const TurnNumber first = receipts.turn();
    receipts.needs_store();
    receipts.hold(kOne);
    receipts.hold(kOne);
    CHECK_FALSE(receipts.is_complete(first));
    receipts.end_turn(1);
    receipts.needs_store();
    receipts.hold(kTwo);
    receipts.end_turn(2);
    CHECK(receipts.take_completed().empty());
    receipts.stored(1);
    CHECK(connections_of(receipts.take_completed()) == std::vector{kOne});
    CHECK(receipts.is_complete(first));
    CHECK_FALSE(receipts.is_complete(first + 1));
    receipts.stored(2);
    CHECK(connections_of(receipts.take_completed()) == std::vector{kTwo});
}

TEST_CASE("receipts: every peer that was told something has to answer for the very turn") {
    Receipts receipts;
    const TurnNumber turn = receipts.turn();
    receipts.needs_peers(0b110);
    receipts.hold(kOne);
    CHECK(receipts.peers_needed() == 0b110);
    receipts.end_turn(0);
    receipts.answered(1, turn);
    receipts.answered(2, turn + 1);
    CHECK(receipts.take_completed().empty());
    receipts.answered(2, turn);
    CHECK(connections_of(receipts.take_completed()) == std::vector{kOne});
}

TEST_CASE("receipts: a later turn does not wait for an earlier one") {
    Receipts receipts;
    const TurnNumber first = receipts.turn();
    receipts.needs_peers(0b10);
    receipts.hold(kOne);
    receipts.end_turn(0);
    receipts.needs_store();
    receipts.hold(PeerIndex{1}, 77);
    receipts.end_turn(5);
    receipts.stored(5);
    const auto completed = receipts.take_completed();
    REQUIRE(completed.size() == 1);
    CHECK(completed[0].questions == std::vector<std::pair<PeerIndex, TurnNumber>>{{1, 77}});
    CHECK_FALSE(receipts.is_complete(first));
    receipts.answered(1, first);
    CHECK(connections_of(receipts.take_completed()) == std::vector{kOne});
}

TEST_CASE("receipts: a question that needs nothing is answered when the turn ends") {
    Receipts receipts;
    receipts.hold(PeerIndex{3}, 9);
    receipts.end_turn(4);
    CHECK(receipts.take_completed().size() == 1);
}

TEST_CASE("receipts: needs are told apart by two looks") {
    Receipts receipts;
    const uint64_t before = receipts.needs();
    receipts.needs_peers(0);
    CHECK(receipts.needs() == before);
    receipts.needs_peers(1);
    CHECK(receipts.needs() != before);
}

TEST_CASE("receipts: in any order of answers everything is released once, when all it needs is there") {
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        Random random(seed);
        Receipts receipts;
        struct Turn {
            StoreTicket ticket = 0;
            routing::PeerMask peers = 0;
        };
        std::vector<Turn> turns(1);
        StoreTicket ticket = 0;
        StoreTicket stored = 0;
        std::set<uint32_t> released;
        for (int step = 0; step < 400; ++step) {
            switch (random.below(3)) {
                case 0: {
                    Turn turn;
                    if (random.below(2) == 0) {
                        receipts.needs_store();
                        turn.ticket = ticket + 1;
                    }
                    turn.peers = random.below(8);
                    receipts.needs_peers(turn.peers);
                    receipts.hold(ConnectionId{static_cast<uint32_t>(receipts.turn()), 0});
                    receipts.end_turn(++ticket);
                    turns.push_back(turn);
                    break;
                }
                case 1:
                    stored += random.below(ticket - stored + 1);
                    receipts.stored(stored);
                    break;
                default: {
                    const size_t number = random.below(turns.size());
                    const auto peer = static_cast<PeerIndex>(random.below(3));
                    turns[number].peers &= ~(routing::PeerMask{1} << peer);
                    receipts.answered(peer, number);
                }
            }
            for (const ConnectionId id : connections_of(receipts.take_completed()))
                CHECK(released.insert(id.slot).second);
            for (uint32_t number = 1; number < turns.size(); ++number) {
                const bool complete = turns[number].ticket <= stored && turns[number].peers == 0;
                REQUIRE(released.contains(number) == complete);
                REQUIRE(receipts.is_complete(number) == complete);
            }
        }
    }
}

}  // namespace
}  // namespace runnel::shard

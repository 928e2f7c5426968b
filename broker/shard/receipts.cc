// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/receipts.h"

#include <algorithm>

namespace runnel::shard {

void Receipts::end_turn(StoreTicket ticket) {
    const TurnNumber next = current_.number + 1;
    if (!current_.held.empty()) {
        current_.ticket = store_is_needed() ? ticket : 0;
        waiting_.push_back(std::move(current_));
        complete_if_possible(waiting_.back());
        forget_done();
    }
    current_ = Turn{};
    current_.number = next;
}

void Receipts::stored(StoreTicket ticket) {
    stored_ = ticket;
    for (Turn& turn : waiting_) {
        if (turn.ticket > ticket) break;
        complete_if_possible(turn);
    }
    forget_done();
}

void Receipts::answered(PeerIndex peer, TurnNumber number) {
    auto* turn = const_cast<Turn*>(find(number));
    if (turn == nullptr) return;  // Nobody waited.
    turn->peers &= ~(routing::PeerMask{1} << peer);
    complete_if_possible(*turn);
    forget_done();
}

bool Receipts::is_complete(TurnNumber number) const {
    if (number == current_.number) return false;
    const Turn* turn = find(number);
    return turn == nullptr || turn->done;
}

const Receipts::Turn* Receipts::find(TurnNumber number) const {
    const auto at = std::lower_bound(waiting_.begin(), waiting_.end(), number,
                                     [](const Turn& turn, TurnNumber wanted) { return turn.number < wanted; });
    return at == waiting_.end() || at->number != number ? nullptr : &*at;
}

void Receipts::complete_if_possible(Turn& turn) {
    if (turn.done || turn.ticket > stored_ || turn.peers != 0) return;
    turn.done = true;
    completed_.push_back(std::move(turn.held));
}

void Receipts::forget_done() {
    while (!waiting_.empty() && waiting_.front().done)
        waiting_.pop_front();
}

}  // namespace runnel::shard

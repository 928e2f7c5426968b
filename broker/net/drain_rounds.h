// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace runnel::net {

// Loops that stop together: each goes through the rounds, and none ends one before every loop has arrived in it. What a
// loop tells a peer before it arrives is in the peer's mailbox when the round ends; so a Will that is published while
// connections are closed reaches the Sessions of every loop, and an answer to it comes back. Any thread.
class DrainRounds {
public:
    // A message, a member of a Shared Subscription that gives it back, and who gets it then.
    static constexpr uint32_t kRounds = 3;

    explicit DrainRounds(uint32_t loops) : loops_(loops) {}

    // Once for each loop and round. True for the last of a round, which then wakes the others.
    bool arrive(uint32_t round) { return arrived_[round].fetch_add(1) + 1 == loops_; }
    bool is_complete(uint32_t round) const { return arrived_[round].load() == loops_; }

private:
    const uint32_t loops_;
    std::array<std::atomic<uint32_t>, kRounds> arrived_{};
};

}  // namespace runnel::net

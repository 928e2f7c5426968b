// SPDX-License-Identifier: Apache-2.0
// Which peers (shards) have a subscriber for what. Both sides may claim too much, never too little: a peer that gets a
// message nobody there wants drops it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/routing/slot_table.h"

namespace runnel::routing {

using PeerMask = uint64_t;  // Bit n stands for peer n.
constexpr unsigned kPeersMax = 64;

// A hash of the exact filter, or of the literal levels in front of the first wildcard. The lowest bits tell which, and
// how many levels, so that nobody looks for numbers of levels that no filter has. All peers must use one seed.
struct InterestKey {
    uint64_t value = 0;
    friend bool operator==(InterestKey, InterestKey) = default;
};

InterestKey interest_key_of(std::string_view filter, uint64_t hash_seed);

// What this shard has announced: counts subscriptions for each key.
class LocalInterest {
public:
    explicit LocalInterest(uint64_t hash_seed) : hash_seed_(hash_seed) {}
    // The key, if it must be announced because this is its first subscription.
    std::optional<InterestKey> add(std::string_view filter);
    // The key, if it must be withdrawn because its last subscription has gone. Each add is removed once.
    std::optional<InterestKey> remove(std::string_view filter);

private:
    uint64_t hash_seed_;
    SlotTable<uint64_t, uint64_t, 0> subscriptions_by_key_;
};

// What the peers have announced.
class PeerInterest {
public:
    explicit PeerInterest(uint64_t hash_seed) : hash_seed_(hash_seed) {}
    // Both may be repeated.
    void announced(unsigned peer, InterestKey key);
    void withdrawn(unsigned peer, InterestKey key);
    // The peers that may have a subscriber for `topic`. Looks up the topic and those of its prefixes that some filter
    // has; a wildcard at the front does not count for $-topics [MQTT-4.7.2-1]. Allocates nothing.
    PeerMask peers_for(std::string_view topic) const;
    // Then peers_for is 0 for every topic.
    bool empty() const { return peers_by_key_.count() == 0; }

private:
    PeerMask peers_by_prefix(std::string_view topic) const;

    uint64_t hash_seed_;
    SlotTable<uint64_t, PeerMask, 0> peers_by_key_;
    std::array<uint32_t, 64> keys_by_kind_{};  // How many keys of each kind peers_by_key_ has.
    uint64_t kinds_ = 0;                       // A bit for each kind that has any.
};

}  // namespace runnel::routing

// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/peer_interest.h"

#include <bit>

#include "broker/base/check.h"
#include "broker/base/hash.h"
#include "broker/mqtt/topic.h"

namespace runnel::routing {

namespace {

// The kind of a key: how many literal levels are in front of the first wildcard, or that there is no wildcard. Levels
// behind the last that is counted are left out of the key.
constexpr unsigned kExact = 63;
constexpr unsigned kPrefixLevelsMax = 62;
constexpr uint64_t kKindBits = 63;
constexpr uint64_t kLevelSalt = 0x9e3779b97f4a7c15ULL;

InterestKey make_key(uint64_t hash, unsigned kind) {
    return {(hash_mix(hash, kLevelSalt + kind) & ~kKindBits) | kind};
}
unsigned kind_of(InterestKey key) {
    return static_cast<unsigned>(key.value & kKindBits);
}

InterestKey exact_key_of(std::string_view topic, uint64_t hash_seed) {
    return make_key(hash_bytes(topic, hash_seed), kExact);
}

// The hash of the levels so far, and one more.
uint64_t add_level(uint64_t hash, std::string_view level, uint64_t hash_seed) {
    return hash_mix(hash ^ hash_bytes(level, hash_seed), kLevelSalt);
}

bool has(uint64_t kinds, unsigned kind) {
    return (kinds >> kind & 1) != 0;
}

}  // namespace

InterestKey interest_key_of(std::string_view filter, uint64_t hash_seed) {
    if (!mqtt::has_wildcard(filter)) return exact_key_of(filter, hash_seed);
    uint64_t hash = hash_seed;
    unsigned kind = 0;
    mqtt::Levels levels(filter);
    while (kind < kPrefixLevelsMax) {
        const auto level = levels.next();
        if (!level || *level == "+" || *level == "#") break;
        hash = add_level(hash, *level, hash_seed);
        ++kind;
    }
    return make_key(hash, kind);
}

std::optional<InterestKey> LocalInterest::add(std::string_view filter) {
    const InterestKey key = interest_key_of(filter, hash_seed_);
    if (uint64_t* subscriptions = subscriptions_by_key_.find_only(key.value)) {
        ++*subscriptions;
        return std::nullopt;
    }
    subscriptions_by_key_.insert(key.value, 1);
    return key;
}

std::optional<InterestKey> LocalInterest::remove(std::string_view filter) {
    const InterestKey key = interest_key_of(filter, hash_seed_);
    uint64_t* subscriptions = subscriptions_by_key_.find_only(key.value);
    RUNNEL_CHECK(subscriptions != nullptr);
    if (*subscriptions > 1) {
        --*subscriptions;
        return std::nullopt;
    }
    subscriptions_by_key_.erase(key.value, 1);
    return key;
}

void PeerInterest::announced(unsigned peer, InterestKey key) {
    RUNNEL_CHECK(peer < kPeersMax);
    const PeerMask bit = PeerMask{1} << peer;
    if (PeerMask* peers = peers_by_key_.find_only(key.value)) {
        *peers |= bit;
        return;
    }
    peers_by_key_.insert(key.value, bit);
    if (keys_by_kind_[kind_of(key)]++ == 0) kinds_ |= uint64_t{1} << kind_of(key);
}

void PeerInterest::withdrawn(unsigned peer, InterestKey key) {
    RUNNEL_CHECK(peer < kPeersMax);
    const PeerMask bit = PeerMask{1} << peer;
    PeerMask* peers = peers_by_key_.find_only(key.value);
    if (peers == nullptr || (*peers & bit) == 0) return;
    if (*peers != bit) {
        *peers &= ~bit;
        return;
    }
    peers_by_key_.erase(key.value, bit);
    if (--keys_by_kind_[kind_of(key)] == 0) kinds_ &= ~(uint64_t{1} << kind_of(key));
}

PeerMask PeerInterest::peers_for(std::string_view topic) const {
    if (empty()) return 0;
    PeerMask peers = 0;
    if (has(kinds_, kExact)) peers = peers_by_key_.value_of(exact_key_of(topic, hash_seed_).value);
    if ((kinds_ & ~(uint64_t{1} << kExact)) != 0) peers |= peers_by_prefix(topic);
    return peers;
}

PeerMask PeerInterest::peers_by_prefix(std::string_view topic) const {
    uint64_t kinds = kinds_ & ~(uint64_t{1} << kExact);
    const auto kind_max = static_cast<unsigned>(std::bit_width(kinds)) - 1;
    if (topic.starts_with('$')) kinds &= ~uint64_t{1};  // [MQTT-4.7.2-1]
    PeerMask peers = 0;
    uint64_t hash = hash_seed_;
    mqtt::Levels levels(topic);
    for (unsigned kind = 0;; ++kind) {
        if (has(kinds, kind)) peers |= peers_by_key_.value_of(make_key(hash, kind).value);
        const auto level = kind < kind_max ? levels.next() : std::nullopt;
        if (!level) return peers;
        hash = add_level(hash, *level, hash_seed_);
    }
}

}  // namespace runnel::routing

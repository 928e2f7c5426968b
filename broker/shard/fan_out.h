// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/hash.h"
#include "broker/history/rule.h"
#include "broker/routing/peer_interest.h"
#include "broker/routing/shared_subscriptions.h"
#include "broker/session/delivery.h"

namespace runnel::shard {

struct SessionSlot;

// One Session that wants a topic, with its overlapping subscriptions merged: the highest QoS, every Subscription
// Identifier [MQTT-3.3.4-2] [MQTT-3.3.4-4].
struct Target {
    SessionSlot* slot = nullptr;
    session::SubscriptionIdentifiers subscription_identifiers;
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    bool retain_as_published = false;
    bool no_local = false;  // At least one of its subscriptions has it: ask again when it is the publisher.
};

// Everybody on this shard who wants a topic, and the peers that may.
struct FanOut {
    std::string topic;
    uint64_t generation = 0;
    std::vector<Target> targets;
    std::vector<routing::GroupId> groups;
    routing::PeerMask peers = 0;
    routing::PeerMask storing = 0;           // Those of them that may have to store it.
    const history::Rule* history = nullptr;  // Keeps the messages of this topic.
    bool empty() const { return targets.empty() && groups.empty() && peers == 0; }
};

// Remembers the FanOut of topics that come again. An entry counts only for the generation it was made in: any change of
// subscriptions, interest or rights begins a new one.
class FanOutCache {
public:
    explicit FanOutCache(uint64_t hash_seed) : seed_(hash_seed) {}

    // The place of this topic. Its content is valid if topic and generation fit; else the caller fills it anew.
    FanOut& place_of(std::string_view topic) {
        if (entries_.empty()) entries_.resize(kEntries);
        return entries_[hash_bytes(topic, seed_) & (kEntries - 1)];
    }
    // Called after filling: keeps the memory of all entries within bounds.
    void filled(FanOut& entry, size_t targets_before);

private:
    static constexpr size_t kEntries = 4096;
    static constexpr size_t kTargetsMax = size_t{256} * 1024;

    uint64_t seed_;
    size_t targets_ = 0;  // Room in all entries.
    std::vector<FanOut> entries_;
};

}  // namespace runnel::shard

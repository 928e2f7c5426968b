// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/base/time.h"
#include "broker/history/rule.h"
#include "broker/routing/shared_subscriptions.h"
#include "broker/session/session_queue.h"
#include "broker/shard/durability_rule.h"

namespace runnel::shard {

// What a Session does with a message when its queue is full.
enum class WhenFull : uint8_t { DropOldest, DropNewest, Disconnect };

// Limits and choices of the protocol, one value for all shards. Every limit has a name in the configuration: see the
// option table in server/, whose defaults are these.
struct Settings {
    // [mqtt]
    uint32_t max_packet_size = 1'048'576;     // Bytes, whole packet, from one client.
    uint16_t receive_maximum = 100;           // QoS 1 and 2 in flight from one client.
    uint16_t max_inflight = 100;              // QoS 1 and 2 in flight towards one client.
    uint16_t topic_alias_maximum = 100;       // Aliases that one client may set; also used towards clients.
    uint32_t topic_alias_bytes_max = 65'536;  // Bytes of topics kept for the aliases of one client.
    uint8_t max_qos = 2;
    bool retain_available = true;
    bool wildcard_subscription_available = true;
    bool shared_subscription_available = true;
    uint16_t server_keep_alive = 0;  // Seconds; 0 = the client's own.
    uint16_t max_keep_alive = 0;     // Seconds; 0 = no limit.
    uint32_t max_topic_levels = 128;
    uint32_t max_user_properties = 64;  // In one packet.
    bool check_payload_format = false;
    Duration connect_timeout{10'000};
    uint32_t connect_packet_size_max = 65'536;
    std::string response_information;            // Sent to clients that ask for it; empty = none.
    uint32_t max_subscriptions_per_session = 0;  // 0 = no limit.

    // [session]
    uint32_t max_expiry_seconds = 7 * 24 * 3600;  // 0xFFFFFFFF = never ends.
    uint32_t max_sessions = 0;                    // In the whole broker; 0 = no limit.
    uint32_t max_queued_messages = 100'000;
    uint64_t max_queued_bytes = 64ull << 20;
    // What a long queue of a stored Session keeps in memory at each of its ends; the rest is in the store only. A
    // client that is connected and slow for a moment shall not pay for that.
    session::SessionQueue::Budget page_offline{64, 256 * 1024};
    session::SessionQueue::Budget page_connected{16'384, 4 * 1024 * 1024};
    WhenFull when_full = WhenFull::DropOldest;
    routing::ShareStrategy share_strategy = routing::ShareStrategy::RoundRobin;

    // Retained Messages, for the whole broker.
    uint64_t max_retained_messages = 1'000'000;
    uint64_t max_retained_bytes = 1ull << 30;

    // [storage]
    storage::Durability durability = storage::Durability::Synced;  // Of messages that no rule matches.
    std::vector<DurabilityRule> durability_rules;

    // [[history]]: the first rule that matches a message keeps it.
    std::vector<history::Rule> history;

    // Bytes that may wait for one client's socket before messages stay in its queue.
    uint32_t output_bytes_max = 256 * 1024;

    // Of Sessions and subscriptions: as durable as the most durable message, which is of no use without them.
    storage::Durability strongest_durability() const {
        storage::Durability strongest = durability;
        for (const DurabilityRule& rule : durability_rules)
            strongest = std::max(strongest, rule.durability);
        return strongest;
    }
};

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/api/history.h"
#include "broker/mqtt/packets.h"
#include "broker/shard/receipts.h"

namespace runnel::shard {

// The User Property of SUBSCRIBE that asks for what was kept, and the one that marks each of these messages.
constexpr std::string_view kReplaySince = "replay-since";
constexpr std::string_view kReplayed = "replayed";

struct ReplayRequest {
    std::optional<int64_t> since_ms;
    const char* fault = nullptr;  // It is there, but cannot be understood.
};
ReplayRequest replay_request(const mqtt::Properties& properties, int64_t wall_now_ms);

// Kept messages on their way to a new subscription, before the live ones: no gap and no repeat between.
//
// While it lasts, live messages of the Session wait, and those that came before the bounds were known are in `live`.
// Then every shard has said which message it recorded last: what it recorded up to there has either reached the Session
// live, or is to be replayed; what it records later will come live.
struct Replay {
    struct Subscribed {
        std::string filter;
        mqtt::SubscriptionOptions options;
    };

    uint64_t number = 0;
    TurnNumber turn = 0;  // When it is complete, the store holds all that is to be replayed.
    std::vector<Subscribed> subscribed;
    uint32_t subscription_identifier = 0;
    api::HistoryId own_last;  // Of this shard, when the subscription took effect.
    std::set<api::HistoryId> live;
    std::vector<api::HistoryId> bounds;  // By peer; empty until they are known.

    api::HistoryQuery query;
    bool is_reading = false;
    bool is_read = false;  // There is nothing behind this page.
    api::HistoryPage page;
    size_t next = 0;  // In the page.
};

// One after another. They end with the connection.
struct Replays {
    static constexpr size_t kMax = 16;
    std::deque<Replay> waiting;
};

}  // namespace runnel::shard

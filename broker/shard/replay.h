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

using api::kHistoryId;
using api::kHistoryIds;
using api::kReplayed;
using api::kReplaySince;

// The value of kHistoryId.
std::string history_name(api::HistoryId id);

// The value of replay-since is a duration, a time of RFC 3339, or a cursor: "cTIME,NAME,NAME,...", a time in
// milliseconds since 1970, and of each writer the last message that is not wanted again.
struct ReplayRequest {
    std::optional<int64_t> since_ms;
    std::vector<api::HistoryId> seen;  // Of a cursor.
    bool wants_ids = false;
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
    std::vector<api::HistoryId> seen;  // See ReplayRequest.
    TurnNumber turn = 0;               // When it is complete, the store holds all that is to be replayed.
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

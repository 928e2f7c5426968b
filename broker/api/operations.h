// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/api/clients.h"
#include "broker/base/counter_table.h"

namespace runnel::api {

struct ListenerStatus {
    std::string protocol;
    std::string address;  // Where it is bound.
    uint32_t connections = 0;
};

struct LoopStatus {
    bool answers = true;  // It was asked, and did so in time.
    uint64_t connections = 0;
    uint64_t sessions = 0;
    uint64_t queued_messages = 0;
    double busy = 0;  // 0 to 1, of the last seconds.
};

// Messages that wait for one client.
struct QueueStatus {
    std::string client_identifier;
    uint64_t messages = 0;
    uint64_t bytes = 0;
    bool is_connected = false;
};

struct TrafficStatus {
    uint64_t messages_received = 0;  // PUBLISH packets.
    uint64_t messages_sent = 0;
    uint64_t messages_dropped = 0;
    uint64_t packets_received = 0;
    uint64_t packets_sent = 0;
    uint64_t bytes_received = 0;
    uint64_t bytes_sent = 0;
};

// A second, over the last ten seconds or so.
struct TrafficRates {
    double seconds = 0;  // Over which these were measured.
    double messages_received = 0;
    double messages_sent = 0;
    double bytes_received = 0;
    double bytes_sent = 0;
};

struct StorageStatus {
    std::string engine;      // "rocksdb" or "memory"
    std::string durability;  // "synced", "written" or "memory"
    uint64_t size_bytes = 0;
    uint64_t max_bytes = 0;  // 0 = no limit.
    uint64_t commits = 0;
    uint64_t batches = 0;
    uint64_t bytes_written = 0;
    double commit_ms_mean = 0;
    double commit_ms_max = 0;
    uint64_t backlog_bytes = 0;
    bool is_full = false;  // max_bytes is reached.
    bool is_failing = false;
    std::string failure;  // Why, if it is.
};

struct HistoryRuleStatus {
    std::string filter;
    std::string keep;  // "30d"
};

// A device that speaks only HTTP.
struct StationStatus {
    std::string name;
    std::string preset;  // Empty: none.
    // "unknown" until it is heard of, then "heard"; of those with silent_after "online" and "silent".
    std::string state;
    std::optional<int64_t> last_seen_ms;  // Of the wall clock: its last request that was taken.
    std::string address;                  // Where that came from.
    uint64_t requests = 0;                // That were taken,
    uint64_t rejected = 0;                // and that were not.
};

struct BrokerStatus {
    std::string version;
    uint64_t pid = 0;
    int64_t time_ms = 0;  // Of the wall clock.
    uint64_t uptime_seconds = 0;
    std::vector<ListenerStatus> listeners;
    std::vector<LoopStatus> loops;
    uint64_t connections = 0;
    uint64_t connections_total = 0;
    uint64_t connections_refused = 0;
    uint64_t logins_refused = 0;
    uint64_t sessions = 0;
    uint64_t subscriptions = 0;
    uint64_t shared_subscriptions = 0;
    uint64_t retained_messages = 0;
    uint64_t retained_bytes = 0;
    uint64_t queued_messages = 0;
    uint64_t queued_bytes = 0;
    uint64_t inflight_messages = 0;
    std::vector<QueueStatus> longest_queues;  // The longest first.
    TrafficStatus traffic;
    TrafficRates rates;
    StorageStatus storage;
    std::vector<HistoryRuleStatus> history;
    std::vector<StationStatus> stations;
    CounterValues counters{};  // All that is counted, the above among it.
};

struct BackupResult {
    enum class Kind : uint8_t { Done, NothingStored, Exists, Busy, Failed };
    Kind kind = Kind::Done;
    std::string text;  // Why not.
    uint64_t bytes = 0;
};

// What those who run the broker may ask of it, by whatever way they come.
class Operations {
public:
    virtual ~Operations() = default;

    // Why nothing can be stored at the moment; empty if it can. Any thread.
    virtual std::string store_refusal() const = 0;
    // With this many of the longest queues, for which the event loops are asked; a loop that does not answer in time is
    // left out and named. `done` is called by the thread that called this, at once or later.
    virtual void status(size_t queues, std::function<void(const BrokerStatus&)> done) = 0;
    // A consistent copy of the store as it is now, in a directory that must not exist yet; the broker goes on
    // meanwhile. One at a time. `done` is called later, by the thread that called this.
    virtual void back_up(const std::string& directory, std::function<void(const BackupResult&)> done) = 0;

    // The event loops are asked for these; `done` is called as for status().
    virtual void clients(const ClientQuery& query, std::function<void(const ClientPage&)> done) = 0;
    virtual void client(const std::string& client_identifier, std::function<void(const ClientFound&)> done) = 0;
    virtual void subscriptions(const SubscriptionQuery& query, std::function<void(const SubscriptionPage&)> done) = 0;
    // Disconnects a client, if it is connected, and ends its Session if wanted.
    virtual void end_client(const std::string& client_identifier, bool ends_session,
                            std::function<void(const ClientEnded&)> done) = 0;
};

}  // namespace runnel::api

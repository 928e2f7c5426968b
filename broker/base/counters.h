// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace runnel {

// A number that one thread changes and any thread may read.
class Counter {
public:
    void add(uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
    void subtract(uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
    }
    void set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
    uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<uint64_t> value_{0};
};

// Each has its row in counter_table.h, which says what it is called where it is shown.
struct CounterFields {
    // Gauges.
    Counter connections;
    Counter sessions;
    Counter subscriptions;
    Counter shared_subscriptions;
    Counter retained_messages;
    Counter retained_bytes;
    Counter queued_messages;
    Counter queued_bytes;
    Counter inflight_messages;
    Counter connections_max;
    // Totals since the start.
    Counter connections_total;
    Counter connections_refused;
    Counter logins_refused;  // Of MQTT, and of bridges.
    Counter bytes_received;
    Counter bytes_sent;
    Counter packets_received;
    Counter packets_sent;
    Counter publish_received;
    Counter publish_sent;
    Counter publish_bytes_received;
    Counter publish_bytes_sent;
    Counter sessions_expired;
    Counter keep_alive_timeouts;
    Counter protocol_errors;
    Counter wills_published;
    // Messages not delivered, by reason.
    Counter dropped_queue_full;
    Counter dropped_too_large;
    Counter dropped_expired;
    Counter dropped_not_authorized;
    Counter dropped_offline;
    Counter dropped_retained_full;
    Counter dropped_not_stored;  // Refused because the store takes nothing.
};

// What one shard counts. Written by its thread only; $SYS and the admin interfaces add the shards up.
struct alignas(64) Counters : CounterFields {};

}  // namespace runnel

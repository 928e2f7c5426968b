// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/base/counters.h"

namespace runnel {

enum class CounterKind : uint8_t {
    Gauge,
    Replica,  // A gauge of what every shard has all of: not to be added up.
    Total,
};

// What a counter is called where it is shown: one row for each, so that none is forgotten anywhere.
struct CounterRow {
    Counter Counters::*counter;
    CounterKind kind;
    std::string_view sys_topic;  // Below $SYS/broker/.
    std::string_view metric;     // Rows of the same metric follow one another, and differ by what was dropped and why.
    std::string_view reason;     // Why messages were dropped; empty for all other counters.
    std::string_view help;
};

inline constexpr std::array kCounterTable = {
    CounterRow{&Counters::connections, CounterKind::Gauge, "clients/connected", "runnel_clients_connected", "",
               "Clients that are connected by MQTT."},
    CounterRow{&Counters::connections_max, CounterKind::Gauge, "clients/maximum", "runnel_clients_connected_max", "",
               "The most clients that were connected at a time, added up over the event loops."},
    CounterRow{&Counters::sessions, CounterKind::Gauge, "clients/total", "runnel_sessions", "",
               "Sessions, with those of clients that are away."},
    CounterRow{&Counters::sessions_expired, CounterKind::Total, "clients/expired", "runnel_sessions_expired_total", "",
               "Sessions whose Session Expiry Interval has passed."},
    CounterRow{&Counters::connections_total, CounterKind::Total, "connections/accepted",
               "runnel_connections_accepted_total", "", "Connections whose CONNECT was accepted."},
    CounterRow{&Counters::connections_refused, CounterKind::Total, "connections/refused",
               "runnel_connections_refused_total", "", "Connections whose CONNECT was refused or did not come."},
    CounterRow{&Counters::logins_refused, CounterKind::Total, "connections/logins refused",
               "runnel_logins_refused_total", "", "Logins that were refused, by MQTT and by HTTP."},
    CounterRow{&Counters::keep_alive_timeouts, CounterKind::Total, "connections/keep alive timeouts",
               "runnel_keep_alive_timeouts_total", "", "Connections ended since nothing came within Keep Alive."},
    CounterRow{&Counters::protocol_errors, CounterKind::Total, "connections/protocol errors",
               "runnel_protocol_errors_total", "", "Connections ended since the client broke the protocol."},
    CounterRow{&Counters::bytes_received, CounterKind::Total, "bytes/received", "runnel_received_bytes_total", "",
               "Bytes of MQTT received."},
    CounterRow{&Counters::bytes_sent, CounterKind::Total, "bytes/sent", "runnel_sent_bytes_total", "",
               "Bytes of MQTT sent."},
    CounterRow{&Counters::packets_received, CounterKind::Total, "messages/received", "runnel_packets_received_total",
               "", "MQTT Control Packets received."},
    CounterRow{&Counters::packets_sent, CounterKind::Total, "messages/sent", "runnel_packets_sent_total", "",
               "MQTT Control Packets sent."},
    CounterRow{&Counters::publish_received, CounterKind::Total, "publish/messages/received",
               "runnel_messages_received_total", "", "Messages received, by PUBLISH and by bridges."},
    CounterRow{&Counters::publish_sent, CounterKind::Total, "publish/messages/sent", "runnel_messages_sent_total", "",
               "PUBLISH packets sent."},
    CounterRow{&Counters::publish_bytes_received, CounterKind::Total, "publish/bytes/received",
               "runnel_messages_received_bytes_total", "", "Bytes of the payloads received."},
    CounterRow{&Counters::publish_bytes_sent, CounterKind::Total, "publish/bytes/sent",
               "runnel_messages_sent_bytes_total", "", "Bytes of the payloads sent."},
    CounterRow{&Counters::dropped_queue_full, CounterKind::Total, "publish/messages/dropped/queue full",
               "runnel_messages_dropped_total", "queue_full", "Messages that were not delivered, by reason."},
    CounterRow{&Counters::dropped_too_large, CounterKind::Total, "publish/messages/dropped/too large",
               "runnel_messages_dropped_total", "too_large", ""},
    CounterRow{&Counters::dropped_expired, CounterKind::Total, "publish/messages/dropped/expired",
               "runnel_messages_dropped_total", "expired", ""},
    CounterRow{&Counters::dropped_not_authorized, CounterKind::Total, "publish/messages/dropped/not authorized",
               "runnel_messages_dropped_total", "not_authorized", ""},
    CounterRow{&Counters::dropped_offline, CounterKind::Total, "publish/messages/dropped/offline",
               "runnel_messages_dropped_total", "offline", ""},
    CounterRow{&Counters::dropped_retained_full, CounterKind::Total, "publish/messages/dropped/retained full",
               "runnel_messages_dropped_total", "retained_full", ""},
    CounterRow{&Counters::dropped_not_stored, CounterKind::Total, "publish/messages/dropped/not stored",
               "runnel_messages_dropped_total", "not_stored", ""},
    CounterRow{&Counters::queued_messages, CounterKind::Gauge, "store/messages/count", "runnel_queued_messages", "",
               "Messages that wait for clients."},
    CounterRow{&Counters::queued_bytes, CounterKind::Gauge, "store/messages/bytes", "runnel_queued_bytes", "",
               "Bytes of the messages that wait for clients."},
    CounterRow{&Counters::inflight_messages, CounterKind::Gauge, "messages/inflight", "runnel_inflight_messages", "",
               "QoS 1 and 2 messages that were sent and are not acknowledged."},
    CounterRow{&Counters::subscriptions, CounterKind::Gauge, "subscriptions/count", "runnel_subscriptions", "",
               "Subscriptions, without the Shared Subscriptions."},
    CounterRow{&Counters::shared_subscriptions, CounterKind::Gauge, "shared_subscriptions/count",
               "runnel_shared_subscriptions", "", "Shared Subscriptions."},
    CounterRow{&Counters::retained_messages, CounterKind::Replica, "retained messages/count",
               "runnel_retained_messages", "", "Retained Messages."},
    CounterRow{&Counters::retained_bytes, CounterKind::Replica, "retained messages/bytes", "runnel_retained_bytes", "",
               "Bytes of the Retained Messages."},
    CounterRow{&Counters::wills_published, CounterKind::Total, "wills/published", "runnel_wills_published_total", "",
               "Wills published."},
};
static_assert(sizeof(CounterFields) == kCounterTable.size() * sizeof(Counter), "a counter has no row, or two");

// Of the broker: what its shards have counted, of which there is one at least.
inline uint64_t value_of(const CounterRow& row, std::span<const Counters* const> shards) {
    if (row.kind == CounterKind::Replica) return (shards.front()->*row.counter).value();
    uint64_t total = 0;
    for (const Counters* shard : shards)
        total += (shard->*row.counter).value();
    return total;
}

// By the order of the table.
using CounterValues = std::array<uint64_t, kCounterTable.size()>;

}  // namespace runnel

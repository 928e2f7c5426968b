// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/status_json.h"

#include "broker/base/date_time.h"
#include "broker/base/json.h"

namespace runnel::http {
namespace {

template <class Element, class Write>
void append_array(std::string& out, const std::vector<Element>& elements, Write write) {
    out += '[';
    for (const Element& element : elements) {
        if (out.back() != '[') out += ',';
        JsonObject object(out);
        write(object, element);
    }
    out += ']';
}

void add_listeners(JsonObject& object, const api::BrokerStatus& status) {
    append_array(object.member("listeners"), status.listeners,
                 [](JsonObject& each, const api::ListenerStatus& listener) {
                     each.text("protocol", listener.protocol);
                     each.text("address", listener.address);
                     each.number("connections", listener.connections);
                 });
}

void add_loops(JsonObject& object, const api::BrokerStatus& status) {
    append_array(object.member("loops"), status.loops, [](JsonObject& each, const api::LoopStatus& loop) {
        each.boolean("answers", loop.answers);
        each.number("connections", loop.connections);
        each.number("sessions", loop.sessions);
        each.number("queued_messages", loop.queued_messages);
        each.number("busy", loop.busy);
    });
}

void add_queues(JsonObject& object, const api::BrokerStatus& status) {
    append_array(object.member("longest_queues"), status.longest_queues,
                 [](JsonObject& each, const api::QueueStatus& queue) {
                     each.text("client_identifier", queue.client_identifier);
                     each.number("messages", queue.messages);
                     each.number("bytes", queue.bytes);
                     each.boolean("connected", queue.is_connected);
                 });
}

void add_gauges(JsonObject& object, const api::BrokerStatus& status) {
    object.number("connections", status.connections);
    object.number("connections_total", status.connections_total);
    object.number("connections_refused", status.connections_refused);
    object.number("logins_refused", status.logins_refused);
    object.number("sessions", status.sessions);
    object.number("subscriptions", status.subscriptions);
    object.number("shared_subscriptions", status.shared_subscriptions);
    object.number("retained_messages", status.retained_messages);
    object.number("retained_bytes", status.retained_bytes);
    object.number("queued_messages", status.queued_messages);
    object.number("queued_bytes", status.queued_bytes);
    object.number("inflight_messages", status.inflight_messages);
}

void add_traffic(JsonObject& object, const api::TrafficStatus& traffic) {
    JsonObject totals(object.member("totals"));
    totals.number("messages_received", traffic.messages_received);
    totals.number("messages_sent", traffic.messages_sent);
    totals.number("messages_dropped", traffic.messages_dropped);
    totals.number("packets_received", traffic.packets_received);
    totals.number("packets_sent", traffic.packets_sent);
    totals.number("bytes_received", traffic.bytes_received);
    totals.number("bytes_sent", traffic.bytes_sent);
}

void add_drops(JsonObject& object, const CounterValues& counters) {
    JsonObject dropped(object.member("dropped"));
    for (size_t row = 0; row < kCounterTable.size(); ++row)
        if (!kCounterTable[row].reason.empty()) dropped.number(kCounterTable[row].reason, counters[row]);
}

void add_history(JsonObject& object, const api::BrokerStatus& status) {
    append_array(object.member("history"), status.history, [](JsonObject& each, const api::HistoryRuleStatus& rule) {
        each.text("filter", rule.filter);
        each.text("keep", rule.keep);
    });
}

void add_stations(JsonObject& object, const api::BrokerStatus& status) {
    append_array(object.member("stations"), status.stations, [](JsonObject& each, const api::StationStatus& station) {
        each.text("name", station.name);
        if (!station.preset.empty()) each.text("preset", station.preset);
        each.text("state", station.state);
        if (station.last_seen_ms) each.text("last_seen", format_date_time(*station.last_seen_ms));
        if (!station.address.empty()) each.text("address", station.address);
        each.number("requests", station.requests);
        each.number("rejected", station.rejected);
    });
}

void add_rates(JsonObject& object, const api::TrafficRates& rates) {
    JsonObject per_second(object.member("rates"));
    per_second.number("seconds", rates.seconds);
    per_second.number("messages_received", rates.messages_received);
    per_second.number("messages_sent", rates.messages_sent);
    per_second.number("bytes_received", rates.bytes_received);
    per_second.number("bytes_sent", rates.bytes_sent);
}

void add_storage(JsonObject& object, const api::StorageStatus& storage) {
    JsonObject member(object.member("storage"));
    member.text("engine", storage.engine);
    member.text("durability", storage.durability);
    member.number("size_bytes", storage.size_bytes);
    member.number("max_bytes", storage.max_bytes);
    member.number("commits", storage.commits);
    member.number("batches", storage.batches);
    member.number("bytes_written", storage.bytes_written);
    member.number("commit_ms_mean", storage.commit_ms_mean);
    member.number("commit_ms_max", storage.commit_ms_max);
    member.number("backlog_bytes", storage.backlog_bytes);
    member.boolean("full", storage.is_full);
    member.boolean("failing", storage.is_failing);
    if (storage.is_failing) member.text("failure", storage.failure);
}

}  // namespace

std::string status_json(const api::BrokerStatus& status) {
    std::string out;
    {
        JsonObject object(out);
        object.text("version", status.version);
        object.number("pid", status.pid);
        object.text("time", format_date_time(status.time_ms));
        object.number("uptime_seconds", status.uptime_seconds);
        add_listeners(object, status);
        add_loops(object, status);
        add_gauges(object, status);
        add_queues(object, status);
        add_traffic(object, status.traffic);
        add_drops(object, status.counters);
        add_rates(object, status.rates);
        add_storage(object, status.storage);
        add_history(object, status);
        add_stations(object, status);
    }
    return out + "\n";
}

}  // namespace runnel::http

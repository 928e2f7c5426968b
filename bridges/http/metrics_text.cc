// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/metrics_text.h"

#include <concepts>
#include <cstdio>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace runnel::http {
namespace {

constexpr std::string_view kGauge = "gauge";
constexpr std::string_view kTotal = "counter";

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

void append_label_value(std::string& out, std::string_view value) {
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
}

std::string number_text(std::integral auto number) {
    return std::to_string(number);
}

std::string number_text(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", number);
    return text;
}

// Metric after metric; the samples of one follow its head.
class Text {
public:
    void head(std::string_view metric, std::string_view type, std::string_view help) {
        metric_ = metric;
        out_.append("# HELP ").append(metric).append(" ").append(help).append("\n");
        out_.append("# TYPE ").append(metric).append(" ").append(type).append("\n");
    }
    void sample(auto value, Labels labels = {}) {
        out_ += metric_;
        for (const auto& [name, text] : labels) {
            out_.append(&name == &labels.begin()->first ? "{" : ",").append(name).append("=\"");
            append_label_value(out_, text);
            out_ += '"';
        }
        if (labels.size() != 0) out_ += '}';
        out_.append(" ").append(number_text(value)).append("\n");
    }
    void one(std::string_view metric, std::string_view type, std::string_view help, auto value) {
        head(metric, type, help);
        sample(value);
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
    std::string_view metric_;
};

void add_counters(Text& text, const CounterValues& counters) {
    std::string_view before;
    for (size_t i = 0; i < kCounterTable.size(); ++i) {
        const CounterRow& row = kCounterTable[i];
        if (row.metric != before) text.head(row.metric, row.kind == CounterKind::Total ? kTotal : kGauge, row.help);
        before = row.metric;
        if (row.reason.empty())
            text.sample(counters[i]);
        else
            text.sample(counters[i], {{"reason", row.reason}});
    }
}

void add_listeners(Text& text, const api::BrokerStatus& status) {
    text.head("runnel_listener_connections", kGauge, "Connections of a listener, of whatever protocol.");
    for (const api::ListenerStatus& listener : status.listeners)
        text.sample(listener.connections, {{"protocol", listener.protocol}, {"address", listener.address}});
}

void add_loops(Text& text, const api::BrokerStatus& status) {
    const auto each = [&](std::string_view metric, std::string_view help, auto api::LoopStatus::*value) {
        text.head(metric, kGauge, help);
        for (size_t loop = 0; loop < status.loops.size(); ++loop)
            text.sample(status.loops[loop].*value, {{"loop", std::to_string(loop)}});
    };
    each("runnel_loop_clients", "Clients that are connected by MQTT, by event loop.", &api::LoopStatus::connections);
    each("runnel_loop_sessions", "Sessions, by event loop.", &api::LoopStatus::sessions);
    each("runnel_loop_queued_messages", "Messages that wait for clients, by event loop.",
         &api::LoopStatus::queued_messages);
    each("runnel_loop_busy_ratio", "The part of the last seconds in which an event loop has computed.",
         &api::LoopStatus::busy);
}

void add_storage(Text& text, const api::StorageStatus& storage) {
    if (storage.engine == "memory") return;
    text.one("runnel_store_size_bytes", kGauge, "What the store takes up on disk.", storage.size_bytes);
    text.one("runnel_store_max_bytes", kGauge, "What it may take up; 0 is no limit.", storage.max_bytes);
    text.one("runnel_store_commits_total", kTotal, "Commits.", storage.commits);
    text.one("runnel_store_batches_total", kTotal, "Batches of event loops that the commits held.", storage.batches);
    text.one("runnel_store_written_bytes_total", kTotal, "Bytes of the batches.", storage.bytes_written);
    text.one("runnel_store_commit_seconds_total", kTotal, "Time that the commits took.",
             storage.commit_ms_mean * static_cast<double>(storage.commits) / 1000);
    text.one("runnel_store_commit_max_seconds", kGauge, "The longest commit.", storage.commit_ms_max / 1000);
    text.one("runnel_store_backlog_bytes", kGauge, "Bytes that wait to be committed.", storage.backlog_bytes);
    text.one("runnel_store_full", kGauge, "1 if storage.max_bytes is reached.", storage.is_full ? 1 : 0);
    text.one("runnel_store_failing", kGauge, "1 if the disk takes nothing.", storage.is_failing ? 1 : 0);
}

}  // namespace

std::string metrics_text(const api::BrokerStatus& status) {
    Text text;
    text.head("runnel_build_info", kGauge, "The version that runs; always 1.");
    text.sample(1, {{"version", status.version}});
    text.one("runnel_uptime_seconds", kGauge, "Seconds since the start.", status.uptime_seconds);
    add_counters(text, status.counters);
    add_listeners(text, status);
    add_loops(text, status);
    add_storage(text, status.storage);
    return text.take();
}

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/status_text.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace runnel::ctl {
namespace {

std::string whole(double number) {
    char text[40];
    std::snprintf(text, sizeof text, "%.0f", number);
    return text;
}

std::string with_digits(double number, int digits) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*f", digits, number);
    return text;
}

std::string count(const JsonValue& number) {
    return whole(number.number());
}

void add_line(std::string& out, std::string_view title, const std::string& value) {
    std::string line(title);
    line.resize(16, ' ');
    out += line + value + '\n';
}

void add_listeners(std::string& out, const JsonValue& status) {
    std::string_view title = "listeners";
    for (const JsonValue& listener : status["listeners"].elements()) {
        add_line(out, title,
                 listener["protocol"].text() + " " + listener["address"].text() + ", " +
                     count(listener["connections"]) + " connections");
        title = "";
    }
}

void add_loops(std::string& out, const JsonValue& status) {
    const auto& loops = status["loops"].elements();
    std::string text = whole(static_cast<double>(loops.size())) + " (connections: ";
    for (const JsonValue& loop : loops)
        text += count(loop["connections"]) + (&loop == &loops.back() ? "" : ", ");
    add_line(out, "loops", text + ")");
    for (const JsonValue& loop : loops)
        if (!loop["answers"].boolean(true))
            add_line(out, "", "loop " + whole(static_cast<double>(&loop - loops.data())) + " does NOT ANSWER");
}

// Client Identifiers are what clients say: none of it may move the cursor of a terminal.
std::string printable(const std::string& text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const bool is_c1 = byte == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
        out += byte < 0x20 || byte == 0x7F || is_c1 ? '?' : text[at];
        if (is_c1) ++at;
    }
    return out;
}

void add_queues(std::string& out, const JsonValue& status) {
    std::string_view title = "  longest";
    for (const JsonValue& queue : status["longest_queues"].elements()) {
        add_line(out, title,
                 count(queue["messages"]) + " messages, " + size_text(queue["bytes"].number()) + " for " +
                     printable(queue["client_identifier"].text()) +
                     (queue["connected"].boolean() ? "" : " (not connected)"));
        title = "";
    }
}

void add_clients(std::string& out, const JsonValue& status) {
    add_line(out, "connections",
             count(status["connections"]) + " now, " + count(status["connections_total"]) + " since the start, " +
                 count(status["connections_refused"]) + " refused");
    add_line(out, "sessions", count(status["sessions"]));
    add_line(out, "subscriptions",
             count(status["subscriptions"]) + ", " + count(status["shared_subscriptions"]) + " of them shared");
    add_line(out, "retained",
             count(status["retained_messages"]) + " messages, " + size_text(status["retained_bytes"].number()));
    add_line(out, "queued",
             count(status["queued_messages"]) + " messages, " + size_text(status["queued_bytes"].number()) + "; " +
                 count(status["inflight_messages"]) + " in flight");
    add_queues(out, status);
}

void add_traffic(std::string& out, const JsonValue& status) {
    const JsonValue& totals = status["totals"];
    const JsonValue& rates = status["rates"];
    const auto line = [](const JsonValue& messages, const JsonValue& bytes, const JsonValue& per_second,
                         const JsonValue& bytes_per_second) {
        return count(messages) + " messages, " + size_text(bytes.number()) + "; now " +
               with_digits(per_second.number(), 1) + " messages/s, " + size_text(bytes_per_second.number()) + "/s";
    };
    add_line(out, "received",
             line(totals["messages_received"], totals["bytes_received"], rates["messages_received"],
                  rates["bytes_received"]));
    add_line(out, "sent",
             line(totals["messages_sent"], totals["bytes_sent"], rates["messages_sent"], rates["bytes_sent"]));
    add_line(out, "dropped", count(totals["messages_dropped"]) + " messages");
}

void add_storage(std::string& out, const JsonValue& storage) {
    add_line(out, "storage", storage["engine"].text() + ", durability " + storage["durability"].text());
    if (storage["engine"].text() != "rocksdb") return;
    const double limit = storage["max_bytes"].number();
    add_line(out, "  on disk",
             size_text(storage["size_bytes"].number()) + (limit > 0 ? " of " + size_text(limit) : std::string()));
    const double commits = storage["commits"].number();
    const double batches = commits > 0 ? storage["batches"].number() / commits : 0;
    add_line(out, "  commits",
             whole(commits) + ", " + with_digits(batches, 1) + " batches each, mean " +
                 with_digits(storage["commit_ms_mean"].number(), 2) + " ms, longest " +
                 with_digits(storage["commit_ms_max"].number(), 2) + " ms");
    add_line(out, "  backlog", size_text(storage["backlog_bytes"].number()));
    std::string state = storage["full"].boolean() ? "FULL: storage.max_bytes is reached" : "fine";
    if (storage["failing"].boolean()) state = "FAILING: " + storage["failure"].text();
    add_line(out, "  state", state);
}

}  // namespace

std::string size_text(double bytes) {
    constexpr std::array<const char*, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) return whole(bytes) + " B";
    size_t unit = 0;
    for (bytes /= 1024; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit)
        bytes /= 1024;
    return with_digits(bytes, 1) + " " + kUnits[unit];
}

std::string uptime_text(uint64_t seconds) {
    char text[64];
    const uint64_t days = seconds / 86400;
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(seconds / 3600 % 24),
                  static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
    return days == 0 ? text : std::to_string(days) + "d " + text;
}

std::string status_text(const JsonValue& status) {
    std::string out;
    add_line(out, "version", status["version"].text());
    add_line(out, "uptime", uptime_text(static_cast<uint64_t>(status["uptime_seconds"].number())));
    add_line(out, "process", count(status["pid"]));
    add_listeners(out, status);
    add_loops(out, status);
    add_clients(out, status);
    add_traffic(out, status);
    add_storage(out, status["storage"]);
    return out;
}

}  // namespace runnel::ctl

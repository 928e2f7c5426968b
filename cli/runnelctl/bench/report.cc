// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/report.h"

#include <cmath>
#include <cstdio>
#include <vector>

#include "broker/base/json.h"

namespace runnel::ctl {

namespace {

// What stands in a report: a name for people, a name for JSON, a number and its unit.
struct Row {
    const char* title;
    const char* member;
    double value;
    const char* unit;
    int digits;
};

void add_latency(std::vector<Row>& rows, const LatencyHistogram& latency) {
    if (latency.count() == 0) return;
    const auto micros = [](uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
    rows.push_back({"latency p50", "latency_p50_us", micros(latency.percentile(0.5)), "us", 1});
    rows.push_back({"latency p90", "latency_p90_us", micros(latency.percentile(0.9)), "us", 1});
    rows.push_back({"latency p99", "latency_p99_us", micros(latency.percentile(0.99)), "us", 1});
    rows.push_back({"latency p99.9", "latency_p999_us", micros(latency.percentile(0.999)), "us", 1});
    rows.push_back({"latency max", "latency_max_us", micros(latency.max()), "us", 1});
}

double per(double amount, double count) {
    return count > 0 ? amount / count : 0;
}

std::string title_of(const BenchOptions& options) {
    std::string title = name_of(options.scenario);
    if (options.scenario == Scenario::Connect || options.scenario == Scenario::Idle) return title;
    title += ", QoS " + std::to_string(static_cast<int>(options.qos)) + ", " + std::to_string(options.payload_size) +
             "-byte payloads";
    return title + (options.rate > 0 ? ", fixed rate" : ", closed loop");
}

std::string number_text(const Row& row) {
    if (row.digits == 0) return grouped(static_cast<uint64_t>(std::llround(row.value)));
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", row.digits, row.value);
    return text;
}

std::string text_report(const BenchOptions& options, const std::vector<Row>& rows) {
    std::string out = title_of(options) + "\n";
    for (const Row& row : rows) {
        char line[128];
        std::snprintf(line, sizeof line, "  %-28s %16s %s\n", row.title, number_text(row).c_str(), row.unit);
        out += line;
    }
    return out;
}

std::string json_report(const BenchOptions& options, const std::vector<Row>& rows) {
    std::string out;
    {
        JsonObject object(out);
        object.text("scenario", name_of(options.scenario));
        object.number("protocol_level", static_cast<int>(options.version));
        object.number("qos", static_cast<int>(options.qos));
        object.number("payload_size", options.payload_size);
        object.number("rate", options.rate);
        object.number("window", options.window);
        for (const Row& row : rows) {
            if (row.digits == 0)
                object.number(row.member, std::llround(row.value));
            else
                object.number(row.member, row.value);
        }
    }
    return out + "\n";
}

std::string render(const BenchOptions& options, const std::vector<Row>& rows) {
    return options.json ? json_report(options, rows) : text_report(options, rows);
}

}  // namespace

const char* name_of(Scenario scenario) {
    switch (scenario) {
        case Scenario::FanIn: return "fan-in";
        case Scenario::FanOut: return "fan-out";
        case Scenario::Pairs: return "pairs";
        case Scenario::Connect: return "connect";
        case Scenario::Idle: return "idle";
    }
    return "";
}

std::string report_of(const BenchOptions& options, const TrafficResult& result) {
    const auto count = [](uint64_t number) { return static_cast<double>(number); };
    std::vector<Row> rows{
        {"measured", "seconds", result.seconds, "s", 2},
        {"published", "published", count(result.published), "messages", 0},
        {"delivered", "delivered", count(result.delivered), "messages", 0},
        {"published a second", "published_per_second", per(count(result.published), result.seconds), "/s", 0},
        {"delivered a second", "delivered_per_second", per(count(result.delivered), result.seconds), "/s", 0},
        {"lost", "lost", count(result.faults.missing), "messages", 0},
        {"duplicates", "duplicates", count(result.faults.duplicates), "messages", 0},
        {"reordered", "reordered", count(result.faults.reordered), "messages", 0},
        {"refused", "refused", count(result.refused), "messages", 0},
        {"gave up waiting", "stalls", count(result.stalls), "times", 0},
    };
    add_latency(rows, result.latency);
    if (result.broker_cpu_seconds) {
        const double cpu = *result.broker_cpu_seconds;
        rows.push_back({"broker CPU per delivery", "broker_cpu_us_per_delivery",
                        per(cpu * 1e6, count(result.delivered)), "us", 3});
        rows.push_back({"broker CPU", "broker_cpu_percent", per(cpu * 100, result.seconds), "%", 1});
    }
    if (result.broker_resident_bytes)
        rows.push_back({"broker memory", "broker_resident_kib", count(*result.broker_resident_bytes) / 1024, "KiB", 0});
    return render(options, rows);
}

std::string report_of(const BenchOptions& options, const ConnectResult& result) {
    const auto cycles = static_cast<double>(result.cycles);
    std::vector<Row> rows{
        {"measured", "seconds", result.seconds, "s", 2},
        {"connections at a time", "connections", static_cast<double>(result.connections), "", 0},
        {"connects", "connects", cycles, "", 0},
        {"connects a second", "connects_per_second", per(cycles, result.seconds), "/s", 0},
    };
    add_latency(rows, result.latency);
    if (result.broker_cpu_seconds) {
        const double cpu = *result.broker_cpu_seconds;
        rows.push_back({"broker CPU per connect", "broker_cpu_us_per_connect", per(cpu * 1e6, cycles), "us", 2});
        rows.push_back({"broker CPU", "broker_cpu_percent", per(cpu * 100, result.seconds), "%", 1});
    }
    return render(options, rows);
}

std::string report_of(const BenchOptions& options, const IdleResult& result) {
    const auto connections = static_cast<double>(result.connections);
    std::vector<Row> rows{
        {"connections", "connections", connections, "", 0},
        {"opened in", "open_seconds", result.open_seconds, "s", 2},
        {"held for", "held_seconds", result.held_seconds, "s", 2},
    };
    if (result.resident_bytes_before && result.resident_bytes_after) {
        const auto before = static_cast<double>(*result.resident_bytes_before);
        const auto after = static_cast<double>(*result.resident_bytes_after);
        rows.push_back({"broker memory before", "broker_resident_kib_before", before / 1024, "KiB", 0});
        rows.push_back({"broker memory after", "broker_resident_kib_after", after / 1024, "KiB", 0});
        rows.push_back({"broker memory per connection", "broker_bytes_per_connection", per(after - before, connections),
                        "bytes", 1});
    }
    if (result.broker_cpu_seconds)
        rows.push_back({"broker CPU while held", "broker_cpu_percent",
                        per(*result.broker_cpu_seconds * 100, result.held_seconds), "%", 2});
    return render(options, rows);
}

}  // namespace runnel::ctl

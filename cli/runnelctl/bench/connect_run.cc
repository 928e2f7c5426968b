// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/connect_run.h"

namespace runnel::ctl {

namespace {

constexpr int64_t kTick_ns = 10'000'000;
constexpr uint32_t kParallelOpens = 64;

uint32_t connection_count(const BenchOptions& options, uint32_t otherwise) {
    return options.connections != 0 ? options.connections : otherwise;
}

uint64_t after(double seconds) {
    return now_ns() + static_cast<uint64_t>(seconds * 1e9);
}

double seconds_since(uint64_t start_ns) {
    return static_cast<double>(now_ns() - start_ns) / 1e9;
}

std::optional<ProcessUsage> usage_of(const BenchOptions& options) {
    if (options.broker == 0) return std::nullopt;
    return read_process_usage(options.broker);
}

std::optional<double> cpu_between(const std::optional<ProcessUsage>& before, const std::optional<ProcessUsage>& after) {
    if (!before || !after) return std::nullopt;
    return after->cpu_seconds - before->cpu_seconds;
}

}  // namespace

ConnectRun::ConnectRun(const BenchOptions& options)
    : options_(options),
      fleet_(options, connection_count(options, 50)),
      progress_(!options.quiet && !options.json),
      started_at_ns_(connection_count(options, 50)) {
    result_.connections = connection_count(options, 50);
    fleet_.spread_source_addresses();
}

void ConnectRun::start(Wire& wire) {
    started_at_ns_[wire.index] = now_ns();
    fleet_.start_open(wire);
}

void ConnectRun::opened(Wire& wire) {
    ++result_.cycles;
    result_.latency.record(arrival_ns_ - started_at_ns_[wire.index]);
    wire.output.append("\xE0\0", 2);
    fleet_.mark(wire);
    fleet_.flush_marked();
    fleet_.close(wire);
    start(wire);
}

void ConnectRun::turn_for(double seconds) {
    const uint64_t end = after(seconds);
    for (uint64_t now = now_ns(); now < end && !fleet_.failed(); now = now_ns()) {
        fleet_.turn(kTick_ns, *this);
        if (progress_.is_due(now)) progress_.show(now, grouped(result_.cycles) + " connections made");
    }
}

std::optional<Failure> ConnectRun::run() {
    for (uint32_t index = 0; index < result_.connections && !fleet_.failed(); ++index)
        start(fleet_.wire(index));
    turn_for(options_.warm_up);
    result_.cycles = 0;
    result_.latency.clear();
    const auto usage_before = usage_of(options_);
    const uint64_t start_ns = now_ns();
    turn_for(options_.duration);
    result_.seconds = seconds_since(start_ns);
    result_.broker_cpu_seconds = cpu_between(usage_before, usage_of(options_));
    progress_.clear();
    if (fleet_.failed()) return Failure{fleet_.failure(), fleet_.exit_code()};
    return std::nullopt;
}

IdleRun::IdleRun(const BenchOptions& options)
    : options_(options),
      fleet_(options, connection_count(options, 10'000)),
      progress_(!options.quiet && !options.json) {
    result_.connections = connection_count(options, 10'000);
    fleet_.spread_source_addresses();
}

void IdleRun::hold() {
    const auto usage_before = usage_of(options_);
    const uint64_t start_ns = now_ns();
    const uint64_t end = after(options_.duration);
    for (uint64_t now = start_ns; now < end && !fleet_.failed(); now = now_ns()) {
        fleet_.turn(kTick_ns, *this);
        if (progress_.is_due(now)) progress_.show(now, grouped(result_.connections) + " connections held");
    }
    const auto usage = usage_of(options_);
    result_.held_seconds = seconds_since(start_ns);
    result_.broker_cpu_seconds = cpu_between(usage_before, usage);
    if (usage) result_.resident_bytes_after = usage->resident_bytes;
}

std::optional<Failure> IdleRun::run() {
    if (const auto usage = usage_of(options_)) result_.resident_bytes_before = usage->resident_bytes;
    const uint64_t start_ns = now_ns();
    if (!fleet_.failed()) fleet_.open_all(0, result_.connections, kParallelOpens);
    result_.open_seconds = seconds_since(start_ns);
    hold();
    progress_.clear();
    if (fleet_.failed()) return Failure{fleet_.failure(), fleet_.exit_code()};
    return std::nullopt;
}

}  // namespace runnel::ctl

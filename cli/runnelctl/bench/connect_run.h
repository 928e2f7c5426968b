// SPDX-License-Identifier: Apache-2.0
// The scenarios without messages: connecting and disconnecting as fast as it goes, and connections that do nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/runnelctl/bench/bench_options.h"
#include "cli/runnelctl/bench/fleet.h"
#include "cli/runnelctl/bench/latency_histogram.h"
#include "cli/runnelctl/bench/process_usage.h"
#include "cli/runnelctl/bench/progress.h"
#include "cli/runnelctl/refusal.h"

namespace runnel::ctl {

struct ConnectResult {
    double seconds = 0;
    uint32_t connections = 0;  // At a time.
    uint64_t cycles = 0;       // Connected, accepted, disconnected.
    LatencyHistogram latency;  // From connect to CONNACK.
    std::optional<double> broker_cpu_seconds;
};

// Some connections at a time, each in a closed loop: connect, CONNECT, CONNACK, DISCONNECT, close.
class ConnectRun {
public:
    explicit ConnectRun(const BenchOptions& options);

    std::optional<Failure> run();
    const ConnectResult& result() const { return result_; }

    // Called by Fleet::turn.
    void bytes_arrived() { arrival_ns_ = now_ns(); }
    void opened(Wire& wire);
    void packet(Wire&, uint8_t, const uint8_t*, const uint8_t*) {}

private:
    void start(Wire& wire);
    // Runs for some seconds.
    void turn_for(double seconds);

    const BenchOptions& options_;
    Fleet fleet_;
    Progress progress_;
    std::vector<uint64_t> started_at_ns_;
    uint64_t arrival_ns_ = 0;
    ConnectResult result_;
};

struct IdleResult {
    uint32_t connections = 0;
    double open_seconds = 0;
    double held_seconds = 0;
    std::optional<uint64_t> resident_bytes_before;
    std::optional<uint64_t> resident_bytes_after;
    std::optional<double> broker_cpu_seconds;  // While the connections were held.
};

// Opens connections and holds them.
class IdleRun {
public:
    explicit IdleRun(const BenchOptions& options);

    std::optional<Failure> run();
    const IdleResult& result() const { return result_; }

    // Called by Fleet::turn.
    void bytes_arrived() {}
    void opened(Wire&) {}
    void packet(Wire&, uint8_t, const uint8_t*, const uint8_t*) {}

private:
    void hold();

    const BenchOptions& options_;
    Fleet fleet_;
    Progress progress_;
    IdleResult result_;
};

}  // namespace runnel::ctl

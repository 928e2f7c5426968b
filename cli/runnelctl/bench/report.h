// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/runnelctl/bench/bench_options.h"
#include "cli/runnelctl/bench/connect_run.h"
#include "cli/runnelctl/bench/traffic_run.h"

namespace runnel::ctl {

// What the run gave: one JSON object in one line if options.json, otherwise lines for people.
std::string report_of(const BenchOptions& options, const TrafficResult& result);
std::string report_of(const BenchOptions& options, const ConnectResult& result);
std::string report_of(const BenchOptions& options, const IdleResult& result);

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "broker/mqtt/types.h"
#include "cli/runnelctl/endpoint.h"

namespace runnel::ctl {

enum class Scenario { FanIn, FanOut, Pairs, Connect, Idle };

// How the load generator loads a broker. All sizes are in bytes, all times in seconds.
struct BenchOptions {
    Endpoint endpoint;
    mqtt::ProtocolVersion version = mqtt::ProtocolVersion::V5;
    std::optional<std::string> user_name;
    std::optional<std::string> password;

    Scenario scenario = Scenario::FanOut;
    uint32_t publishers = 0;   // 0 = what the scenario is known for.
    uint32_t subscribers = 0;  // The same.
    mqtt::QoS qos = mqtt::QoS::AtMostOnce;
    uint32_t payload_size = 64;
    uint64_t messages = 0;  // 0 = as many as fit in `duration`.
    double duration = 10;
    double warm_up = 1;
    double rate = 0;  // Messages a second of all publishers; 0 = closed loop.
    uint32_t window = 100;
    bool persistent = false;   // Subscribers have Sessions that outlive their connections, for a minute.
    uint32_t connections = 0;  // Of connect and idle; 0 = what the scenario is known for.

    pid_t broker = 0;  // 0 = unknown.
    bool json = false;
    bool quiet = false;
};

const char* name_of(Scenario scenario);

}  // namespace runnel::ctl

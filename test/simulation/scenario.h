// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "broker/shard/settings.h"

namespace runnel::simulation {

// What kind of world a seed makes: how large, how slow, how hostile, and how the broker in it is set up.
struct Scenario {
    uint64_t seed = 0;
    uint32_t shards = 1;
    shard::Settings settings;

    uint32_t clients = 0;
    uint32_t actions = 0;  // Of each client before the world calms down.

    // Delays are between 0 and these.
    int64_t network_delay_ms = 0;
    int64_t peer_delay_ms = 0;
    int64_t turn_delay_ms = 0;
    int64_t login_delay_ms = 0;
    int64_t think_ms = 0;
    uint32_t split_percent = 0;         // Of the writes that arrive in pieces.
    uint32_t small_socket_percent = 0;  // Of the connections whose socket takes little at once.
    uint32_t partial_write_percent = 0;

    uint32_t websocket_percent = 0;  // Of the connections that carry MQTT over WebSocket.
    uint32_t stations = 0;           // Publish by HTTP.

    bool hides_topics = false;  // Access rules that stop deliveries.
    bool ends_by_drain = false;

    // Messages may be dropped because a limit of the broker is tiny: what is missing must have been counted.
    bool drops_are_expected() const { return tiny_queues; }
    // A limit that is tiny ends connections.
    bool full_queues_disconnect() const { return tiny_queues && settings.when_full == shard::WhenFull::Disconnect; }
    bool tiny_queues = false;
    bool tiny_retained = false;
};

Scenario scenario_of(uint64_t seed);

// Everything that is late by more than this is too late: the sum of the worst delays of a world, and then some.
constexpr int64_t kSlackMs = 600;

}  // namespace runnel::simulation

// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/scenario.h"

#include "test/simulation/chance.h"

namespace runnel::simulation {
namespace {

shard::Settings settings_of(Chance& chance) {
    using routing::ShareStrategy;
    shard::Settings settings;
    settings.max_expiry_seconds = chance.one_of({5u, 20u, 60u});
    settings.share_strategy =
        chance.one_of({ShareStrategy::RoundRobin, ShareStrategy::Random, ShareStrategy::LeastInflight,
                       ShareStrategy::HashClient, ShareStrategy::HashTopic, ShareStrategy::Sticky});
    if (chance.percent(40)) settings.receive_maximum = static_cast<uint16_t>(chance.between(1, 4));
    if (chance.percent(40)) settings.max_inflight = static_cast<uint16_t>(chance.between(1, 4));
    if (chance.percent(30)) settings.topic_alias_maximum = static_cast<uint16_t>(chance.between(0, 2));
    if (chance.percent(40)) settings.output_bytes_max = static_cast<uint32_t>(chance.between(1, 2000));
    if (chance.percent(10)) settings.max_qos = static_cast<uint8_t>(chance.between(0, 1));
    if (chance.percent(5)) settings.retain_available = false;
    if (chance.percent(5)) settings.wildcard_subscription_available = false;
    if (chance.percent(5)) settings.shared_subscription_available = false;
    if (chance.percent(10)) settings.server_keep_alive = static_cast<uint16_t>(chance.between(1, 5));
    if (chance.percent(10)) settings.max_keep_alive = static_cast<uint16_t>(chance.between(1, 5));
    if (settings.wildcard_subscription_available && chance.percent(10))
        settings.max_subscriptions_per_session = static_cast<uint32_t>(chance.between(1, 3));
    if (chance.percent(20)) settings.max_packet_size = static_cast<uint32_t>(chance.between(600, 3000));
    return settings;
}

void make_queues_tiny(shard::Settings& settings, Chance& chance) {
    using shard::WhenFull;
    settings.max_queued_messages = static_cast<uint32_t>(chance.between(1, 5));
    if (chance.percent(50)) settings.max_queued_bytes = static_cast<uint64_t>(chance.between(100, 3000));
    settings.when_full = chance.one_of({WhenFull::DropOldest, WhenFull::DropNewest, WhenFull::Disconnect});
}

}  // namespace

Scenario scenario_of(uint64_t seed) {
    Chance chance(seed);
    Scenario scenario;
    scenario.seed = seed;
    scenario.shards = static_cast<uint32_t>(chance.between(1, 4));
    scenario.settings = settings_of(chance);
    scenario.tiny_queues = chance.percent(20);
    if (scenario.tiny_queues) make_queues_tiny(scenario.settings, chance);
    scenario.tiny_retained = chance.percent(10);
    if (scenario.tiny_retained) scenario.settings.max_retained_messages = static_cast<uint64_t>(chance.between(1, 3));

    scenario.clients = static_cast<uint32_t>(chance.between(2, 9));
    scenario.actions = static_cast<uint32_t>(chance.between(20, 150));
    scenario.network_delay_ms = chance.one_of({0, 2, 30});
    scenario.peer_delay_ms = chance.one_of({0, 2, 60});
    scenario.turn_delay_ms = chance.one_of({0, 1, 5});
    scenario.login_delay_ms = chance.one_of({0, 5, 100});
    scenario.think_ms = chance.one_of({5, 50, 200});
    scenario.split_percent = chance.one_of({0u, 20u, 90u});
    scenario.small_socket_percent = chance.one_of({0u, 30u, 80u});
    scenario.partial_write_percent = chance.one_of({0u, 10u, 50u});
    scenario.hides_topics = chance.percent(30);
    scenario.ends_by_drain = chance.percent(30);
    if (chance.percent(50)) {  // Bridges.
        scenario.websocket_percent = chance.one_of({0u, 50u, 100u});
        scenario.stations = static_cast<uint32_t>(chance.between(0, 3));
    }
    return scenario;
}

}  // namespace runnel::simulation

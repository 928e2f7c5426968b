// SPDX-License-Identifier: Apache-2.0
#include "broker/server/sys_topics.h"

#include <cmath>
#include <cstdio>

#include "broker/base/counter_table.h"

namespace runnel::server {
namespace {

std::string with_two_decimals(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

}  // namespace

const std::array<SysTopics::Rate, 8> SysTopics::kRates = {{
    {"messages/received", &Counters::packets_received},
    {"messages/sent", &Counters::packets_sent},
    {"publish/received", &Counters::publish_received},
    {"publish/sent", &Counters::publish_sent},
    {"bytes/received", &Counters::bytes_received},
    {"bytes/sent", &Counters::bytes_sent},
    {"connections", &Counters::connections_total},
    {"publish/dropped", &Counters::dropped_queue_full},
}};

SysTopics::SysTopics(std::vector<const Counters*> counters, std::string version, Clock::time_point start)
    : counters_(std::move(counters)), version_(std::move(version)), start_(start), last_(start) {}

uint64_t SysTopics::sum(Counter Counters::*counter) const {
    uint64_t total = 0;
    for (const Counters* shard : counters_)
        total += (shard->*counter).value();
    return total;
}

void SysTopics::add(std::vector<api::LocalPublish>& publishes, std::string_view name, std::string value) const {
    api::LocalPublish publish;
    publish.topic = "$SYS/broker/" + std::string(name);
    publish.payload = std::move(value);
    publish.retain = true;
    publishes.push_back(std::move(publish));
}

void SysTopics::add_totals(std::vector<api::LocalPublish>& publishes) const {
    for (const CounterRow& row : kCounterTable)
        add(publishes, row.sys_topic, std::to_string(value_of(row, counters_)));
    const uint64_t connected = sum(&Counters::connections);
    const uint64_t sessions = sum(&Counters::sessions);
    add(publishes, "clients/disconnected", std::to_string(sessions > connected ? sessions - connected : 0));
}

// rate/...: per second since the last time. load/...: per minute, as an average that forgets with time.
void SysTopics::add_rates(std::vector<api::LocalPublish>& publishes, double seconds) {
    static constexpr std::array<double, 3> kMinutes = {1, 5, 15};
    static constexpr std::array<std::string_view, 3> kNames = {"1min", "5min", "15min"};
    for (size_t i = 0; i < kRates.size(); ++i) {
        const uint64_t value = sum(kRates[i].counter);
        const double per_second = seconds > 0 ? static_cast<double>(value - last_values_[i]) / seconds : 0;
        last_values_[i] = value;
        add(publishes, "rate/" + std::string(kRates[i].name), with_two_decimals(per_second));
        for (size_t average = 0; average < kMinutes.size(); ++average) {
            const double weight = first_ ? 1 : 1 - std::exp(-seconds / (kMinutes[average] * 60));
            loads_[i][average] += weight * (per_second * 60 - loads_[i][average]);
            add(publishes, "load/" + std::string(kRates[i].name) + "/" + std::string(kNames[average]),
                with_two_decimals(loads_[i][average]));
        }
    }
    first_ = false;
}

std::vector<api::LocalPublish> SysTopics::publishes(Clock::time_point now) {
    std::vector<api::LocalPublish> publishes;
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now - start_).count();
    add(publishes, "version", version_);
    add(publishes, "uptime", std::to_string(uptime) + " seconds");
    add_totals(publishes);
    add_rates(publishes, std::chrono::duration<double>(now - last_).count());
    last_ = now;
    return publishes;
}

}  // namespace runnel::server

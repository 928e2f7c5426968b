// SPDX-License-Identifier: Apache-2.0
#include "broker/server/sys_topics.h"

#include <cmath>
#include <cstdio>

namespace runnel::server {
namespace {

std::string with_two_decimals(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

struct Total {
    std::string_view name;
    Counter Counters::*counter;
};

constexpr Total kTotals[] = {
    {"clients/connected", &Counters::connections},
    {"clients/maximum", &Counters::connections_max},
    {"clients/total", &Counters::sessions},
    {"clients/expired", &Counters::sessions_expired},
    {"connections/accepted", &Counters::connections_total},
    {"connections/refused", &Counters::connections_refused},
    {"connections/keep alive timeouts", &Counters::keep_alive_timeouts},
    {"connections/protocol errors", &Counters::protocol_errors},
    {"bytes/received", &Counters::bytes_received},
    {"bytes/sent", &Counters::bytes_sent},
    {"messages/received", &Counters::packets_received},
    {"messages/sent", &Counters::packets_sent},
    {"publish/messages/received", &Counters::publish_received},
    {"publish/messages/sent", &Counters::publish_sent},
    {"publish/bytes/received", &Counters::publish_bytes_received},
    {"publish/bytes/sent", &Counters::publish_bytes_sent},
    {"publish/messages/dropped/queue full", &Counters::dropped_queue_full},
    {"publish/messages/dropped/too large", &Counters::dropped_too_large},
    {"publish/messages/dropped/expired", &Counters::dropped_expired},
    {"publish/messages/dropped/not authorized", &Counters::dropped_not_authorized},
    {"publish/messages/dropped/offline", &Counters::dropped_offline},
    {"publish/messages/dropped/retained full", &Counters::dropped_retained_full},
    {"publish/messages/dropped/not stored", &Counters::dropped_not_stored},
    {"store/messages/count", &Counters::queued_messages},
    {"store/messages/bytes", &Counters::queued_bytes},
    {"messages/inflight", &Counters::inflight_messages},
    {"subscriptions/count", &Counters::subscriptions},
    {"shared_subscriptions/count", &Counters::shared_subscriptions},
    {"wills/published", &Counters::wills_published},
};

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
    for (const Total& total : kTotals)
        add(publishes, total.name, std::to_string(sum(total.counter)));
    const uint64_t connected = sum(&Counters::connections);
    const uint64_t sessions = sum(&Counters::sessions);
    add(publishes, "clients/disconnected", std::to_string(sessions > connected ? sessions - connected : 0));
    // Every shard knows all of them.
    add(publishes, "retained messages/count", std::to_string(counters_.front()->retained_messages.value()));
    add(publishes, "retained messages/bytes", std::to_string(counters_.front()->retained_bytes.value()));
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

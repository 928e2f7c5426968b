// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "broker/api/operations.h"
#include "broker/base/counters.h"
#include "broker/base/log.h"
#include "broker/net/connection_count.h"
#include "broker/server/broker_store.h"
#include "broker/server/config.h"

namespace runnel::server {

// The broker as its operator sees it. Reads only what any thread may read; a backup belongs to the thread of the admin
// channel.
class BrokerOperations final : public api::Operations {
public:
    struct Listener {
        std::string protocol;
        std::string address;
        const net::ConnectionCount* connections;
    };
    // All of it outlives this.
    struct Parts {
        const Config& config;
        BrokerStore& store;
        const net::ConnectionCount& connections;
        LogSink& log;
        std::vector<const Counters*> counters{};  // One for each loop.
        std::vector<Listener> listeners{};
        std::function<void(std::function<void()>)> post{};  // To the thread that asks.
    };
    explicit BrokerOperations(Parts parts);
    ~BrokerOperations() override { finish(); }

    api::BrokerStatus status() override;
    std::string store_refusal() const override { return parts_.store.failure(); }
    void back_up(const std::string& directory, std::function<void(const api::BackupResult&)> done) override;

    // For the rates: to be called every few seconds.
    void take_sample();
    // Waits for a backup that is being made. Before the store is closed.
    void finish();

private:
    using Clock = std::chrono::steady_clock;
    struct Sample {
        Clock::time_point at;
        api::TrafficStatus traffic;
    };

    uint64_t sum(Counter Counters::*counter) const;
    api::TrafficStatus traffic() const;
    api::TrafficRates rates(const api::TrafficStatus& now) const;
    api::StorageStatus storage() const;
    api::BackupResult make_backup(const std::string& directory);

    Parts parts_;
    Log log_;
    Clock::time_point start_;
    mutable std::mutex samples_mutex_;
    std::deque<Sample> samples_;  // The oldest one is at the front.
    std::atomic<bool> backing_up_{false};
    std::thread backup_;
};

}  // namespace runnel::server

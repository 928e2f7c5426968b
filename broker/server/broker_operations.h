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
#include "broker/net/event_loop.h"
#include "broker/server/broker_store.h"
#include "broker/server/config.h"
#include "broker/server/loop_questions.h"

namespace runnel::server {

// The broker as its operator sees it. Any thread asks, and any thread calls `done`: see OperationsView. But backups are
// asked for by one thread.
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
        std::vector<net::EventLoop*> loops{};
        std::vector<const Counters*> counters{};  // One for each loop.
        std::vector<Listener> listeners{};
        std::function<std::vector<api::StationStatus>()> stations{};
    };
    explicit BrokerOperations(Parts parts);
    ~BrokerOperations() override { finish(); }

    std::string store_refusal() const override { return parts_.store.failure(); }
    void status(size_t queues, std::function<void(const api::BrokerStatus&)> done) override;
    void back_up(const std::string& directory, std::function<void(const api::BackupResult&)> done) override;

    void clients(const api::ClientQuery& query, std::function<void(const api::ClientPage&)> done) override;
    void client(const std::string& client_identifier, std::function<void(const api::ClientFound&)> done) override;
    void subscriptions(const api::SubscriptionQuery& query,
                       std::function<void(const api::SubscriptionPage&)> done) override;
    void end_client(const std::string& client_identifier, bool ends_session,
                    std::function<void(const api::ClientEnded&)> done) override;

    // To be called about every second while the loops run: takes samples for the rates, and gives up loops that do not
    // answer.
    void time_advanced();
    // Waits for a backup that is being made. Before the store is closed.
    void finish();

private:
    using Clock = std::chrono::steady_clock;
    struct Sample {
        Clock::time_point at;
        api::TrafficStatus traffic;
        std::vector<std::chrono::nanoseconds> busy;  // By loop.
    };

    api::BrokerStatus counted() const;
    void add_gauges(api::BrokerStatus& status) const;
    Sample sample() const;
    uint64_t sum(Counter Counters::*counter) const;
    api::TrafficStatus traffic() const;
    api::TrafficRates rates(const api::TrafficStatus& now) const;
    std::vector<double> busy() const;
    api::StorageStatus storage() const;
    api::BackupResult make_backup(const std::string& directory);

    Parts parts_;
    Log log_;
    LoopQuestions questions_;
    Clock::time_point start_;
    mutable std::mutex samples_mutex_;
    std::deque<Sample> samples_;  // The oldest one is at the front.
    std::atomic<bool> backing_up_{false};
    std::mutex backup_mutex_;  // Of the two below.
    bool is_finished_ = false;
    std::thread backup_;
};

}  // namespace runnel::server

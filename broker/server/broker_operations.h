// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
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
        std::vector<net::EventLoop*> loops{};
        std::vector<const Counters*> counters{};  // One for each loop.
        std::vector<Listener> listeners{};
        std::function<void(std::function<void()>)> post{};  // To the thread that asks.
    };
    explicit BrokerOperations(Parts parts);
    ~BrokerOperations() override { finish(); }

    std::string store_refusal() const override { return parts_.store.failure(); }
    void status(size_t queues, std::function<void(const api::BrokerStatus&)> done) override;
    void back_up(const std::string& directory, std::function<void(const api::BackupResult&)> done) override;

    // To be called about every second: takes samples for the rates, and gives up loops that do not answer.
    void time_advanced();
    // Waits for a backup that is being made. Before the store is closed.
    void finish();

private:
    using Clock = std::chrono::steady_clock;
    struct Sample {
        Clock::time_point at;
        api::TrafficStatus traffic;
    };

    // A status that waits for the loops to name their longest queues.
    struct Question {
        size_t queues = 0;
        std::vector<api::QueueStatus> longest;
        std::vector<bool> answers;  // By loop.
        std::function<void(const api::BrokerStatus&)> done;
        Clock::time_point deadline;
    };

    void queues_received(uint64_t number, size_t loop, std::vector<api::QueueStatus> queues);
    void answer(Question question) const;
    api::BrokerStatus counted() const;
    void take_sample();
    uint64_t sum(Counter Counters::*counter) const;
    api::TrafficStatus traffic() const;
    api::TrafficRates rates(const api::TrafficStatus& now) const;
    api::StorageStatus storage() const;
    api::BackupResult make_backup(const std::string& directory);

    Parts parts_;
    Log log_;
    Clock::time_point start_;
    std::deque<Sample> samples_;  // The oldest one is at the front.
    std::map<uint64_t, Question> questions_;
    uint64_t next_question_ = 1;
    std::atomic<bool> backing_up_{false};
    std::thread backup_;
};

}  // namespace runnel::server

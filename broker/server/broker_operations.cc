// SPDX-License-Identifier: Apache-2.0
#include "broker/server/broker_operations.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "broker/server/units.h"
#include "broker/shard/longest_queues.h"
#include "storage/backup.h"
#include "storage/store_directory.h"

namespace runnel::server {
namespace {

constexpr size_t kSamplesMax = 11;
constexpr std::chrono::milliseconds kSampleInterval{990};

std::string_view name_of(storage::Durability durability) {
    switch (durability) {
        case storage::Durability::Memory: return "memory";
        case storage::Durability::Written: return "written";
        case storage::Durability::Synced: return "synced";
    }
    return "";
}

std::string backup_label() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    std::strftime(text, sizeof text, "made %Y-%m-%d %H:%M:%S UTC by runnel " RUNNEL_VERSION, &parts);
    return text;
}

double milliseconds_of(uint64_t microseconds) {
    return static_cast<double>(microseconds) / 1000;
}

}  // namespace

BrokerOperations::BrokerOperations(Parts parts)
    : parts_(std::move(parts)),
      log_(parts_.log),
      questions_(parts_.loops),
      start_(Clock::now()),
      samples_{{start_, traffic(), std::vector<std::chrono::nanoseconds>(parts_.loops.size())}} {}

uint64_t BrokerOperations::sum(Counter Counters::*counter) const {
    uint64_t total = 0;
    for (const Counters* shard : parts_.counters)
        total += (shard->*counter).value();
    return total;
}

api::TrafficStatus BrokerOperations::traffic() const {
    api::TrafficStatus traffic;
    traffic.messages_received = sum(&Counters::publish_received);
    traffic.messages_sent = sum(&Counters::publish_sent);
    for (const CounterRow& row : kCounterTable)
        if (!row.reason.empty()) traffic.messages_dropped += value_of(row, parts_.counters);
    traffic.packets_received = sum(&Counters::packets_received);
    traffic.packets_sent = sum(&Counters::packets_sent);
    traffic.bytes_received = sum(&Counters::bytes_received);
    traffic.bytes_sent = sum(&Counters::bytes_sent);
    return traffic;
}

void BrokerOperations::time_advanced() {
    questions_.time_advanced();
    if (Clock::now() < samples_.back().at + kSampleInterval) return;
    Sample taken = sample();
    const std::lock_guard lock(samples_mutex_);
    samples_.push_back(std::move(taken));
    if (samples_.size() > kSamplesMax) samples_.pop_front();
}

BrokerOperations::Sample BrokerOperations::sample() const {
    Sample sample{Clock::now(), traffic(), {}};
    for (net::EventLoop* loop : parts_.loops)
        sample.busy.push_back(loop->busy_time());
    return sample;
}

// Of each loop, over all samples.
std::vector<double> BrokerOperations::busy() const {
    const std::lock_guard lock(samples_mutex_);
    const Sample& before = samples_.front();
    const double seconds = std::max(std::chrono::duration<double>(samples_.back().at - before.at).count(), 0.001);
    std::vector<double> busy;
    for (size_t loop = 0; loop < before.busy.size(); ++loop) {
        const std::chrono::duration<double> spent = samples_.back().busy[loop] - before.busy[loop];
        busy.push_back(std::clamp(spent.count() / seconds, 0.0, 1.0));
    }
    return busy;
}

api::TrafficRates BrokerOperations::rates(const api::TrafficStatus& now) const {
    const std::lock_guard lock(samples_mutex_);
    const api::TrafficStatus& before = samples_.front().traffic;
    api::TrafficRates rates;
    rates.seconds = std::chrono::duration<double>(Clock::now() - samples_.front().at).count();
    const double seconds = std::max(rates.seconds, 0.001);
    const auto rate = [seconds](uint64_t from, uint64_t to) { return static_cast<double>(to - from) / seconds; };
    rates.messages_received = rate(before.messages_received, now.messages_received);
    rates.messages_sent = rate(before.messages_sent, now.messages_sent);
    rates.bytes_received = rate(before.bytes_received, now.bytes_received);
    rates.bytes_sent = rate(before.bytes_sent, now.bytes_sent);
    return rates;
}

api::StorageStatus BrokerOperations::storage() const {
    api::StorageStatus storage;
    storage.durability = "memory";
    storage.engine = "memory";
    if (!parts_.store.is_open()) return storage;
    const storage::StoreThread& thread = *parts_.store.thread();
    const storage::StoreThreadCounters counters = thread.counters();
    storage.engine = "rocksdb";
    storage.durability = name_of(parts_.config.settings.durability);
    storage.size_bytes = parts_.store.store()->size_bytes();
    storage.max_bytes = parts_.config.storage.max_bytes;
    storage.commits = counters.commits;
    storage.batches = counters.batches;
    storage.bytes_written = counters.bytes;
    if (counters.commits != 0)
        storage.commit_ms_mean = milliseconds_of(counters.commit_us_sum) / static_cast<double>(counters.commits);
    storage.commit_ms_max = milliseconds_of(counters.commit_us_max);
    storage.backlog_bytes = thread.backlog_bytes();
    storage.is_full = parts_.store.store()->is_over_budget();
    storage.is_failing = thread.is_failing();
    storage.failure = parts_.store.failure();
    return storage;
}

void BrokerOperations::status(size_t queues, std::function<void(const api::BrokerStatus&)> done) {
    using Queues = std::vector<api::QueueStatus>;
    if (queues == 0) return done(counted());
    const auto find = [queues](const shard::Shard& shard, Time) {
        return std::optional(shard::longest_queues(shard.sessions(), queues));
    };
    questions_.ask<Queues>(find, [this, queues, done = std::move(done)](LoopQuestions::Parts<Queues> parts) {
        api::BrokerStatus status = counted();
        for (size_t loop = 0; loop < parts.size(); ++loop) {
            status.loops[loop].answers = parts[loop].has_value();
            if (parts[loop]) std::ranges::move(*parts[loop], std::back_inserter(status.longest_queues));
        }
        std::ranges::stable_sort(status.longest_queues, std::greater(), &api::QueueStatus::messages);
        if (status.longest_queues.size() > queues) status.longest_queues.resize(queues);
        done(status);
    });
}

api::BrokerStatus BrokerOperations::counted() const {
    using namespace std::chrono;
    api::BrokerStatus status;
    status.version = RUNNEL_VERSION;
    status.pid = static_cast<uint64_t>(getpid());
    status.time_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    status.uptime_seconds = static_cast<uint64_t>(duration_cast<seconds>(Clock::now() - start_).count());
    for (const Listener& listener : parts_.listeners)
        status.listeners.push_back({listener.protocol, listener.address, listener.connections->value()});
    const std::vector<double> loads = busy();
    for (size_t loop = 0; loop < parts_.counters.size(); ++loop) {
        const Counters& counters = *parts_.counters[loop];
        status.loops.push_back({true, counters.connections.value(), counters.sessions.value(),
                                counters.queued_messages.value(), loads[loop]});
    }
    add_gauges(status);
    status.traffic = traffic();
    status.rates = rates(status.traffic);
    status.storage = storage();
    for (const history::Rule& rule : parts_.config.settings.history)
        status.history.push_back({rule.filter, format_duration(rule.keep.ms)});
    if (parts_.stations) status.stations = parts_.stations();
    for (size_t row = 0; row < kCounterTable.size(); ++row)
        status.counters[row] = value_of(kCounterTable[row], parts_.counters);
    return status;
}

void BrokerOperations::add_gauges(api::BrokerStatus& status) const {
    status.connections = parts_.connections.value();
    status.connections_total = sum(&Counters::connections_total);
    status.connections_refused = sum(&Counters::connections_refused);
    status.logins_refused = sum(&Counters::logins_refused);
    status.sessions = sum(&Counters::sessions);
    status.subscriptions = sum(&Counters::subscriptions);
    status.shared_subscriptions = sum(&Counters::shared_subscriptions);
    // Every shard knows all of them.
    status.retained_messages = parts_.counters.front()->retained_messages.value();
    status.retained_bytes = parts_.counters.front()->retained_bytes.value();
    status.queued_messages = sum(&Counters::queued_messages);
    status.queued_bytes = sum(&Counters::queued_bytes);
    status.inflight_messages = sum(&Counters::inflight_messages);
}

void BrokerOperations::back_up(const std::string& directory, std::function<void(const api::BackupResult&)> done) {
    using Kind = api::BackupResult::Kind;
    if (!parts_.store.is_open())
        return done(
            {Kind::NothingStored, "The broker stores nothing (storage.engine or storage.durability is \"memory\")."});
    if (!storage::is_free_for_backup(directory))
        return done({Kind::Exists, directory + " exists already, and is not an empty directory."});
    const std::lock_guard lock(backup_mutex_);
    if (is_finished_) return done({Kind::Busy, "The broker is stopping."});
    if (backing_up_.exchange(true)) return done({Kind::Busy, "Another backup is being made."});
    if (backup_.joinable()) backup_.join();
    backup_ = std::thread([this, directory, done = std::move(done)]() mutable {
        done(make_backup(directory));
        backing_up_ = false;
    });
}

api::BackupResult BrokerOperations::make_backup(const std::string& directory) {
    const storage::Outcome outcome = storage::make_backup(*parts_.store.store(), directory, backup_label());
    if (!outcome) {
        log_.error("the backup could not be made", {{"directory", directory}, {"why", outcome.text()}});
        return {api::BackupResult::Kind::Failed, outcome.text()};
    }
    const uint64_t bytes = storage::directory_bytes(directory + "/store");
    log_.info("backup made", {{"directory", directory}, {"bytes", bytes}});
    return {api::BackupResult::Kind::Done, {}, bytes};
}

void BrokerOperations::finish() {
    std::thread last;
    {
        const std::lock_guard lock(backup_mutex_);
        is_finished_ = true;
        last = std::move(backup_);
    }
    if (last.joinable()) last.join();
}

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#include "broker/server/broker_operations.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <utility>

#include "storage/backup.h"
#include "storage/store_directory.h"

namespace runnel::server {
namespace {

constexpr size_t kSamplesMax = 3;
constexpr std::chrono::seconds kSampleInterval{5};
constexpr std::chrono::seconds kLoopPatience{2};

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
    : parts_(std::move(parts)), log_(parts_.log), start_(Clock::now()), samples_{{start_, traffic()}} {}

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
    for (const auto counter : {&Counters::dropped_queue_full, &Counters::dropped_too_large, &Counters::dropped_expired,
                               &Counters::dropped_not_authorized, &Counters::dropped_offline,
                               &Counters::dropped_retained_full, &Counters::dropped_not_stored})
        traffic.messages_dropped += sum(counter);
    traffic.packets_received = sum(&Counters::packets_received);
    traffic.packets_sent = sum(&Counters::packets_sent);
    traffic.bytes_received = sum(&Counters::bytes_received);
    traffic.bytes_sent = sum(&Counters::bytes_sent);
    return traffic;
}

void BrokerOperations::time_advanced() {
    if (Clock::now() >= samples_.back().at + kSampleInterval) take_sample();
    for (auto at = questions_.begin(); at != questions_.end() && Clock::now() >= at->second.deadline;)
        answer(std::move(questions_.extract(at++).mapped()));
}

void BrokerOperations::take_sample() {
    samples_.push_back({Clock::now(), traffic()});
    if (samples_.size() > kSamplesMax) samples_.pop_front();
}

api::TrafficRates BrokerOperations::rates(const api::TrafficStatus& now) const {
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
    Question question{
        queues, {}, std::vector<bool>(parts_.loops.size()), std::move(done), Clock::now() + kLoopPatience};
    if (queues == 0) {
        question.answers.assign(parts_.loops.size(), true);
        return answer(std::move(question));
    }
    const uint64_t number = next_question_++;
    questions_.emplace(number, std::move(question));
    for (size_t loop = 0; loop < parts_.loops.size(); ++loop) {
        const auto received = [this, number, loop](std::vector<api::QueueStatus> found) {
            parts_.post([this, number, loop, found = std::move(found)] { queues_received(number, loop, found); });
        };
        parts_.loops[loop]->post(net::QueuesAsked{queues, received});
    }
}

void BrokerOperations::queues_received(uint64_t number, size_t loop, std::vector<api::QueueStatus> queues) {
    const auto at = questions_.find(number);
    if (at == questions_.end()) return;  // Too late.
    Question& question = at->second;
    question.answers[loop] = true;
    std::move(queues.begin(), queues.end(), std::back_inserter(question.longest));
    if (std::find(question.answers.begin(), question.answers.end(), false) == question.answers.end())
        answer(std::move(questions_.extract(at).mapped()));
}

void BrokerOperations::answer(Question question) const {
    api::BrokerStatus status = counted();
    status.longest_queues = std::move(question.longest);
    std::stable_sort(status.longest_queues.begin(), status.longest_queues.end(),
                     [](const api::QueueStatus& a, const api::QueueStatus& b) { return a.messages > b.messages; });
    if (status.longest_queues.size() > question.queues) status.longest_queues.resize(question.queues);
    for (size_t loop = 0; loop < status.loops.size(); ++loop)
        status.loops[loop].answers = question.answers[loop];
    question.done(status);
}

api::BrokerStatus BrokerOperations::counted() const {
    api::BrokerStatus status;
    status.version = RUNNEL_VERSION;
    status.pid = static_cast<uint64_t>(getpid());
    status.uptime_seconds =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start_).count());
    for (const Listener& listener : parts_.listeners)
        status.listeners.push_back({listener.protocol, listener.address, listener.connections->value()});
    for (const Counters* loop : parts_.counters)
        status.loops.push_back(
            {true, loop->connections.value(), loop->sessions.value(), loop->queued_messages.value()});
    status.connections = parts_.connections.value();
    status.connections_total = sum(&Counters::connections_total);
    status.connections_refused = sum(&Counters::connections_refused);
    status.sessions = sum(&Counters::sessions);
    status.subscriptions = sum(&Counters::subscriptions);
    status.shared_subscriptions = sum(&Counters::shared_subscriptions);
    // Every shard knows all of them.
    status.retained_messages = parts_.counters.front()->retained_messages.value();
    status.retained_bytes = parts_.counters.front()->retained_bytes.value();
    status.queued_messages = sum(&Counters::queued_messages);
    status.queued_bytes = sum(&Counters::queued_bytes);
    status.inflight_messages = sum(&Counters::inflight_messages);
    status.traffic = traffic();
    status.rates = rates(status.traffic);
    status.storage = storage();
    return status;
}

void BrokerOperations::back_up(const std::string& directory, std::function<void(const api::BackupResult&)> done) {
    using Kind = api::BackupResult::Kind;
    if (!parts_.store.is_open())
        return done(
            {Kind::NothingStored, "The broker stores nothing (storage.engine or storage.durability is \"memory\")."});
    if (!storage::is_free_for_backup(directory))
        return done({Kind::Exists, directory + " exists already, and is not an empty directory."});
    if (backing_up_.exchange(true)) return done({Kind::Busy, "Another backup is being made."});
    if (backup_.joinable()) backup_.join();
    backup_ = std::thread([this, directory, done = std::move(done)]() mutable {
        parts_.post([done = std::move(done), result = make_backup(directory)] { done(result); });
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
    if (backup_.joinable()) backup_.join();
}

}  // namespace runnel::server

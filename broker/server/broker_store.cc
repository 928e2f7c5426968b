// SPDX-License-Identifier: Apache-2.0
#include "broker/server/broker_store.h"

#include <charconv>
#include <chrono>
#include <ctime>

#include "broker/history/keys.h"
#include "broker/shard/recovery.h"
#include "storage/rocksdb_store.h"

namespace runnel::server {
namespace {

using session::StoredKind;

constexpr char kFormat = 1;
// While the store is read, the log says how far it is.
constexpr int64_t kProgressMs = 1000;
constexpr uint64_t kRecordsPerLook = 4096;  // At the clock.

int64_t wall_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string stamp_of(int64_t wall_ms) {
    const std::time_t seconds = wall_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
    return text;
}

}  // namespace

bool BrokerStore::open(const Config& config, unsigned loops) {
    if (!config.stores()) {
        log_.info("nothing is stored: Sessions and Retained Messages end with the broker");
        return true;
    }
    clock_.offset_ms = wall_ms() - net::monotonic_now().ms;
    const std::string path = config.data_dir + "/store";
    storage::RocksDbOptions options;
    if (config.storage.max_bytes != 0) options.max_bytes = config.storage.max_bytes;
    storage::OpenedStore opened = storage::open_rocksdb_or_set_aside(path, options, stamp_of(wall_ms()));
    if (!opened.set_aside.empty())
        log_.error("the store was damaged and has been set aside; the broker begins with an empty one",
                   {{"set aside", opened.set_aside}, {"report", opened.report}});
    if (opened.outcome.kind() == storage::Outcome::Kind::InUse) {
        log_.error("another broker runs with this data directory: stop it, or choose another broker.data_dir",
                   {{"data_dir", config.data_dir}, {"why", opened.outcome.text()}});
        return false;
    }
    if (!opened.store) {
        log_.error("the store cannot be opened", {{"path", path}, {"why", opened.outcome.text()}});
        return false;
    }
    store_ = std::move(opened.store);
    if (!check_format() || !count_run()) return false;
    history_ = std::make_unique<HistoryReader>(*store_);
    keeper_ = std::make_unique<HistoryKeeper>(*store_, config.settings.history);
    thread_ = std::make_unique<storage::StoreThread>(*store_, loops, *this);
    return true;
}

// The version of everything that is stored. A newer one is refused rather than misread.
bool BrokerStore::check_format() {
    const std::string key = session::stored_key(StoredKind::Format, {});
    std::string format;
    bool found = false;
    if (const auto outcome = store_->get(key, format, found); !outcome) {
        log_.error("the store cannot be read", {{"why", outcome.text()}});
        return false;
    }
    if (found && (format.size() != 1 || format[0] > kFormat)) {
        log_.error("the store was written by a newer runnel: use that one, or another broker.data_dir");
        return false;
    }
    if (found) return true;
    storage::WriteBatch batch;
    batch.put(key, std::string_view(&kFormat, 1));
    const auto outcome = store_->apply(batch, storage::Durability::Synced);
    if (!outcome) log_.error("the store cannot be written", {{"why", outcome.text()}});
    return static_cast<bool>(outcome);
}

// Before anything is numbered by it.
bool BrokerStore::count_run() {
    const std::string key(1, static_cast<char>(history::KeyKind::Run));
    std::string record;
    bool found = false;
    auto outcome = store_->get(key, record, found);
    if (found) std::from_chars(record.data(), record.data() + record.size(), run_);
    ++run_;
    storage::WriteBatch batch;
    batch.put(key, std::to_string(run_));
    if (outcome) outcome = store_->apply(batch, storage::Durability::Synced);
    if (!outcome) log_.error("the store cannot be written", {{"why", outcome.text()}});
    return static_cast<bool>(outcome);
}

bool BrokerStore::keep_history() {
    if (!keeper_) return false;
    const bool has_more = keeper_->step(wall_ms());
    const bool failed = !keeper_->outcome();
    if (failed && !keeper_failed_)
        log_.error("history that has run out cannot be erased", {{"why", keeper_->outcome().text()}});
    keeper_failed_ = failed;
    return has_more;
}

void BrokerStore::tell_progress(const shard::Recovery::Found& found, int64_t& last_told) {
    if (wall_ms() - last_told < kProgressMs) return;
    last_told = wall_ms();
    log_.info("reading the store", {{"sessions", found.sessions},
                                    {"subscriptions", found.subscriptions},
                                    {"messages", found.deliveries},
                                    {"retained", found.retained_messages}});
}

bool BrokerStore::recover(const std::vector<std::unique_ptr<net::EventLoop>>& loops) {
    for (const auto& loop : loops)
        loops_.push_back(loop.get());
    if (!store_) return true;
    const int64_t begin = wall_ms();
    std::vector<shard::Shard*> shards;
    for (const auto& loop : loops)
        shards.push_back(&loop->shard());
    shard::Recovery recovery(std::move(shards), net::monotonic_now());
    uint64_t records = 0;
    int64_t last_told = begin;
    for (const StoredKind kind : shard::Recovery::kOrder) {
        const auto cursor = store_->scan(session::stored_key(kind, {}), session::end_of(kind));
        for (; cursor->valid(); cursor->next()) {
            recovery.add(kind, cursor->key(), cursor->value());
            if (++records % kRecordsPerLook == 0) tell_progress(recovery.found(), last_told);
        }
        if (const auto outcome = cursor->outcome(); !outcome) {
            log_.error("the store cannot be read", {{"why", outcome.text()}});
            return false;
        }
    }
    recovery.finish();
    if (const auto outcome = store_->apply(recovery.take_batch(), storage::Durability::Synced); !outcome) {
        log_.error("the store cannot be written", {{"why", outcome.text()}});
        return false;
    }
    const shard::Recovery::Found& found = recovery.found();
    if (found.unreadable != 0)
        log_.error("records of the store that are not understood were left out", {{"records", found.unreadable}});
    if (records != 0)
        log_.info("read the store", {{"sessions", found.sessions},
                                     {"subscriptions", found.subscriptions},
                                     {"messages", found.deliveries},
                                     {"retained", found.retained_messages},
                                     {"ms", wall_ms() - begin}});
    return true;
}

void BrokerStore::close() {
    if (!thread_) return;
    if (const auto outcome = thread_->stop(); !outcome)
        log_.error("the last changes could not be stored", {{"why", outcome.text()}});
    thread_.reset();
    keeper_.reset();
    history_.reset();
    store_.reset();
}

void BrokerStore::on_durable(storage::WriterId writer, storage::Ticket last) {
    loops_[writer]->post(net::Stored{last});
    const bool over = store_->is_over_budget();
    if (over == is_over_budget_) return;
    is_over_budget_ = over;
    if (over) {
        log_.error("storage.max_bytes is reached: what would have to be stored is refused",
                   {{"bytes", store_->size_bytes()}});
        tell_loops("the broker's store is full (storage.max_bytes)");
    } else {
        log_.info("the store is below storage.max_bytes again");
        tell_loops({});
    }
}

void BrokerStore::tell_loops(const std::string& why) {
    for (net::EventLoop* loop : loops_)
        loop->post(net::StoreRefuses{why});
}

void BrokerStore::note_failure(const std::string& why) {
    const std::lock_guard lock(failure_mutex_);
    failure_ = why;
}

void BrokerStore::on_failed(const storage::Outcome& outcome) {
    note_failure(outcome.text());
    log_.error("the store cannot be written: what would have to be stored is refused", {{"why", outcome.text()}});
    const bool full = outcome.kind() == storage::Outcome::Kind::DiskFull;
    tell_loops(full ? "the broker's disk is full" : "the broker's store cannot be written");
}

void BrokerStore::on_recovered() {
    note_failure({});
    log_.info("the store can be written again");
    tell_loops(is_over_budget_ ? "the broker's store is full (storage.max_bytes)" : "");
}

}  // namespace runnel::server

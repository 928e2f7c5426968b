// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/base/log.h"
#include "broker/net/event_loop.h"
#include "broker/server/config.h"
#include "broker/server/history_keeper.h"
#include "broker/server/history_reader.h"
#include "broker/shard/recovery.h"
#include "storage/store.h"
#include "storage/store_thread.h"

namespace runnel::server {

// What the broker keeps on disk: opens it, puts what it holds back into the shards, and carries the word of the store
// thread to the loops. Outlives the loops. Used by the main thread but for the observer's part.
class BrokerStore : public storage::CommitObserver {
public:
    explicit BrokerStore(LogSink& log) : log_(log) {}

    // Nothing is stored if the configuration says so. False: the log says why.
    bool open(const Config& config, unsigned loops);
    bool is_open() const { return store_ != nullptr; }
    storage::StoreThread* thread() { return thread_.get(); }
    // Null if nothing is stored. Any thread may use it until close().
    storage::Store* store() { return store_.get(); }
    // Why the disk refuses at the moment; empty if it does not. Any thread.
    std::string failure() const {
        const std::lock_guard lock(failure_mutex_);
        return failure_;
    }
    session::WallClock clock() const { return clock_; }
    // Counts the starts with this store.
    uint32_t run() const { return run_; }
    // Nothing without a store.
    const api::History* history() const { return history_.get(); }
    // Erases a little of what history need not keep any longer. True if there is more to do at once.
    bool keep_history();

    // To be called every few seconds.
    void give_back_space() {
        if (store_) store_->give_back_space();
    }

    // Before the loops start. False: the log says why.
    bool recover(const std::vector<std::unique_ptr<net::EventLoop>>& loops);
    // When the loops have ended: makes durable what they have submitted.
    void close();

private:
    void on_durable(storage::WriterId writer, storage::Ticket last) override;
    void on_failed(const storage::Outcome& outcome) override;
    void on_recovered() override;
    void on_relieved() override {}

    bool check_format();
    void tell_progress(const shard::Recovery::Found& found, int64_t& last_told);
    void tell_loops(const std::string& why);
    void note_failure(const std::string& why);
    bool count_run();

    Log log_;
    std::unique_ptr<storage::Store> store_;
    std::unique_ptr<storage::StoreThread> thread_;
    std::vector<net::EventLoop*> loops_;
    session::WallClock clock_;
    bool is_over_budget_ = false;  // Of the store thread.
    mutable std::mutex failure_mutex_;
    std::string failure_;
    uint32_t run_ = 0;
    std::unique_ptr<HistoryReader> history_;
    std::unique_ptr<HistoryKeeper> keeper_;
    bool keeper_failed_ = false;
};

}  // namespace runnel::server

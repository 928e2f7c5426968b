// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "storage/write_batch.h"

namespace runnel::storage {

using WriterId = uint32_t;
// Numbers a writer's batches: 1, 2, 3, ...
using Ticket = uint64_t;

// Called on the store thread, which waits meanwhile: to be passed on as a message, nothing else.
class CommitObserver {
public:
    virtual ~CommitObserver() = default;
    // Every batch of this writer up to this ticket is as durable as it asked for.
    virtual void on_durable(WriterId writer, Ticket last) = 0;
    // The disk refuses. Nothing is dropped; the thread goes on trying. Once, until on_recovered() or another kind of
    // failure.
    virtual void on_failed(const Outcome& outcome) = 0;
    virtual void on_recovered() = 0;
    // is_congested() has become false.
    virtual void on_relieved() = 0;
};

struct StoreThreadLimits {
    size_t backlog_bytes_max = 16 << 20;  // What is submitted and not durable; then is_congested().
    size_t commit_bytes_max = 4 << 20;    // What one commit takes along, but for a single batch that is larger.
    uint32_t retry_pause_ms = 10;         // After a failure; doubles up to
    uint32_t retry_pause_max_ms = 1000;   // this.
    uint32_t stop_wait_ms = 5000;         // How long stop() lets a failing disk recover.
};

struct ReadRequest {
    std::string begin;
    std::string end;  // Empty: no end.
    size_t limit_bytes = 64 << 10;
    size_t limit_count = 1000;
    bool reverse = false;
};

struct ReadAnswer {
    Outcome outcome;
    // At least one if there is one, whatever its size.
    std::vector<std::pair<std::string, std::string>> entries;
    bool has_more = false;  // Behind the last entry, in the range that was asked for.
};

struct StoreThreadCounters {
    uint64_t commits = 0;
    uint64_t batches = 0;  // In those commits.
    uint64_t bytes = 0;
    uint64_t failures = 0;  // Attempts.
    uint64_t reads = 0;
    uint64_t commit_us_sum = 0;
    uint64_t commit_us_max = 0;
    // [i]: commits that took less than 2^i microseconds and no less than half of that; the last one holds all longer
    // ones.
    std::array<uint64_t, 24> commit_us_histogram{};
};

// Group commit. Any number of writers submit batches, which never waits for the disk; one thread takes all that has
// been submitted, merges it into one apply, and says what is durable. While it waits for the disk the next group
// gathers.
//
// The order of submission, over all writers, is the order of becoming durable. A group is synced if one of its batches
// asks for it, so that one that only has to be written may wait for a sync.
//
// Reads are answered by a second thread: the store reads without disturbing writes, and no commit waits until a page of
// history has been fetched. Each read is bounded by its limits and they are answered in turn, so that a long scan,
// which is many reads, lets others pass.
class StoreThread {
public:
    using ReadCallback = std::function<void(ReadAnswer)>;

    StoreThread(Store& store, WriterId writers, CommitObserver& observer, StoreThreadLimits limits = {});
    StoreThread(const StoreThread&) = delete;
    StoreThread& operator=(const StoreThread&) = delete;
    ~StoreThread();

    // Takes the batch and leaves an empty one with the memory of an earlier one. An empty batch is a ticket like any
    // other; Synced, it makes durable what was written before. Durability::Memory makes no promise and is not
    // submitted. Any thread, one at a time for each writer.
    Ticket submit(WriterId writer, WriteBatch&& batch, Durability durability);

    // What is durable when it is answered; what was submitted and is not durable is not seen yet. The callback is
    // called on the reading thread; after stop() at once, with a failure.
    void read(ReadRequest request, ReadCallback callback);

    // Submitted and not durable. Any thread.
    size_t backlog_bytes() const { return backlog_bytes_.load(std::memory_order_relaxed); }
    // So much that what fills it should not be read from its connections any more. Ends when half is left.
    bool is_congested() const { return congested_.load(std::memory_order_relaxed); }
    // The disk refuses at the moment.
    bool is_failing() const { return failing_.load(std::memory_order_relaxed); }
    StoreThreadCounters counters() const;

    // Makes everything durable that was submitted, answers all reads and ends the threads. The failure, if the disk did
    // not recover in time: then what is not durable is lost, and nobody was told otherwise. Nothing may be submitted
    // after it.
    Outcome stop();

private:
    struct Submission {
        WriterId writer;
        Durability durability;
        WriteBatch batch;
    };
    struct Read {
        ReadRequest request;
        ReadCallback callback;
    };
    // What is merged into one apply.
    struct Group {
        WriteBatch merged;
        Durability durability = Durability::Written;
        size_t batches = 0;
        size_t bytes = 0;
        std::vector<Ticket> last;  // For each writer; 0: none.
    };

    void run();
    bool take_submissions();
    void gather_group();
    bool commit_group();
    Outcome apply_group();
    void announce_group(uint64_t elapsed_us);
    bool pause_after(const Outcome& outcome, uint32_t& pause_ms);
    void recycle(WriteBatch&& batch);
    void run_reads();
    ReadAnswer answer_to(const ReadRequest& request);

    Store& store_;
    CommitObserver& observer_;
    const StoreThreadLimits limits_;

    mutable std::mutex mutex_;  // Guards what follows up to the blank line.
    std::condition_variable submitted_;
    std::vector<Submission> submissions_;
    std::vector<Ticket> tickets_;     // The last one given to each writer.
    std::vector<WriteBatch> spares_;  // Empty ones with memory.
    bool stopping_ = false;
    std::chrono::steady_clock::time_point stop_deadline_;
    StoreThreadCounters counters_;

    std::atomic<size_t> backlog_bytes_{0};
    std::atomic<bool> congested_{false};
    std::atomic<bool> failing_{false};

    // Of the store thread.
    std::deque<Submission> taken_;
    std::vector<Ticket> taken_tickets_;  // The last one merged of each writer.
    Group group_;
    Outcome failure_;
    bool has_unsynced_ = false;  // Something written has not been synced.

    std::mutex read_mutex_;
    std::condition_variable read_submitted_;
    std::deque<Read> reads_;
    bool reads_end_ = false;

    std::thread writing_thread_;
    std::thread reading_thread_;
};

}  // namespace runnel::storage

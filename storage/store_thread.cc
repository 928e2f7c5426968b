// SPDX-License-Identifier: Apache-2.0
#include "storage/store_thread.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace runnel::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kSparesMax = 64;
constexpr size_t kSpareBytesMax = 256 << 10;

// A mistake of ours, as RUNNEL_CHECK.
void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "StoreThread: %s\n", what);
    std::abort();
}

uint64_t microseconds_since(Clock::time_point start) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    return static_cast<uint64_t>(elapsed.count());
}

}  // namespace

StoreThread::StoreThread(Store& store, WriterId writers, CommitObserver& observer, StoreThreadLimits limits)
    : store_(store), observer_(observer), limits_(limits), tickets_(writers), taken_tickets_(writers) {
    group_.last.resize(writers);
    writing_thread_ = std::thread([this] { run(); });
    reading_thread_ = std::thread([this] { run_reads(); });
}

StoreThread::~StoreThread() {
    (void)stop();
}

Ticket StoreThread::submit(WriterId writer, WriteBatch&& batch, Durability durability) {
    require(writer < group_.last.size(), "unknown writer");
    require(durability != Durability::Memory, "a batch that promises nothing was submitted");
    const size_t size = batch.size_bytes();
    bool first = false;
    Ticket ticket = 0;
    {
        const std::lock_guard lock(mutex_);
        require(!stopping_, "submitted after stop()");
        first = submissions_.empty();
        submissions_.push_back({writer, durability, {}});
        std::swap(submissions_.back().batch, batch);
        if (!spares_.empty()) {
            batch = std::move(spares_.back());
            spares_.pop_back();
        }
        ticket = ++tickets_[writer];
        // With the lock, so that the order of these is the order of the queue.
        if (backlog_bytes_.fetch_add(size) + size >= limits_.backlog_bytes_max) congested_ = true;
    }
    if (first) submitted_.notify_one();
    return ticket;
}

void StoreThread::run() {
    while (take_submissions()) {
        while (!taken_.empty()) {
            gather_group();
            if (!commit_group()) return;
        }
    }
}

// Waits until there is something to do; false when there is nothing any more.
bool StoreThread::take_submissions() {
    std::unique_lock lock(mutex_);
    submitted_.wait(lock, [&] { return !submissions_.empty() || stopping_; });
    std::move(submissions_.begin(), submissions_.end(), std::back_inserter(taken_));
    submissions_.clear();
    return !taken_.empty();
}

void StoreThread::gather_group() {
    group_.merged.clear();
    group_.durability = Durability::Written;
    group_.batches = 0;
    group_.bytes = 0;
    std::fill(group_.last.begin(), group_.last.end(), Ticket{0});
    while (!taken_.empty()) {
        Submission& next = taken_.front();
        const size_t size = next.batch.size_bytes();
        if (group_.batches != 0 && group_.bytes + size > limits_.commit_bytes_max) break;
        group_.merged.append(next.batch);
        group_.bytes += size;
        ++group_.batches;
        group_.durability = std::max(group_.durability, next.durability);
        group_.last[next.writer] = ++taken_tickets_[next.writer];
        recycle(std::move(next.batch));
        taken_.pop_front();
    }
}

void StoreThread::recycle(WriteBatch&& batch) {
    if (batch.capacity_bytes() > kSpareBytesMax) return;
    batch.clear();
    const std::lock_guard lock(mutex_);
    if (spares_.size() < kSparesMax) spares_.push_back(std::move(batch));
}

Outcome StoreThread::apply_group() {
    Outcome outcome;
    const bool is_synced = group_.durability == Durability::Synced;
    if (!group_.merged.empty()) {
        outcome = store_.apply(group_.merged, group_.durability);
    } else if (is_synced && has_unsynced_) {
        outcome = store_.sync();
    }
    if (outcome) has_unsynced_ = !is_synced && (has_unsynced_ || !group_.merged.empty());
    return outcome;
}

// False if the thread has to stop before the disk takes the group.
bool StoreThread::commit_group() {
    uint32_t pause_ms = limits_.retry_pause_ms;
    for (;;) {
        const auto start = Clock::now();
        const Outcome outcome = apply_group();
        if (outcome) {
            announce_group(microseconds_since(start));
            return true;
        }
        if (!pause_after(outcome, pause_ms)) return false;
    }
}

void StoreThread::announce_group(uint64_t elapsed_us) {
    {
        const std::lock_guard lock(mutex_);
        ++counters_.commits;
        counters_.batches += group_.batches;
        counters_.bytes += group_.bytes;
        counters_.commit_us_sum += elapsed_us;
        counters_.commit_us_max = std::max(counters_.commit_us_max, elapsed_us);
        const size_t row = std::min<size_t>(std::bit_width(elapsed_us), counters_.commit_us_histogram.size() - 1);
        ++counters_.commit_us_histogram[row];
    }
    if (failing_.exchange(false)) {
        failure_ = {};
        observer_.on_recovered();
    }
    for (WriterId writer = 0; writer < group_.last.size(); ++writer) {
        if (group_.last[writer] != 0) observer_.on_durable(writer, group_.last[writer]);
    }
    bool is_relieved = false;
    {
        const std::lock_guard lock(mutex_);
        const size_t left = backlog_bytes_.fetch_sub(group_.bytes) - group_.bytes;
        is_relieved = left <= limits_.backlog_bytes_max / 2 && congested_.exchange(false);
    }
    if (is_relieved) observer_.on_relieved();
    if (group_.merged.capacity_bytes() > limits_.commit_bytes_max) group_.merged = WriteBatch();
}

// False if the time that stop() grants is over.
bool StoreThread::pause_after(const Outcome& outcome, uint32_t& pause_ms) {
    if (failure_.kind() != outcome.kind()) {
        failing_ = true;
        observer_.on_failed(outcome);
    }
    failure_ = outcome;
    std::unique_lock lock(mutex_);
    ++counters_.failures;
    const auto end = Clock::now() + std::chrono::milliseconds(pause_ms);
    pause_ms = std::min(pause_ms * 2, limits_.retry_pause_max_ms);
    if (!stopping_ && !submitted_.wait_until(lock, end, [&] { return stopping_; })) return true;
    submitted_.wait_until(lock, std::min(end, stop_deadline_), [] { return false; });
    pause_ms = limits_.retry_pause_ms;
    return Clock::now() < stop_deadline_;
}

void StoreThread::read(ReadRequest request, ReadCallback callback) {
    {
        const std::lock_guard lock(read_mutex_);
        if (!reads_end_) {
            reads_.push_back({std::move(request), std::move(callback)});
            callback = nullptr;
        }
    }
    read_submitted_.notify_one();
    if (callback) callback({{Outcome::Kind::IoError, "the store is closed"}, {}, false});
}

void StoreThread::run_reads() {
    std::unique_lock lock(read_mutex_);
    for (;;) {
        read_submitted_.wait(lock, [&] { return !reads_.empty() || reads_end_; });
        if (reads_.empty()) return;
        const Read next = std::move(reads_.front());
        reads_.pop_front();
        lock.unlock();
        next.callback(answer_to(next.request));
        {
            const std::lock_guard counting(mutex_);
            ++counters_.reads;
        }
        lock.lock();
    }
}

ReadAnswer StoreThread::answer_to(const ReadRequest& request) {
    ReadAnswer answer;
    size_t size = 0;
    const auto cursor = store_.scan(request.begin, request.end, request.reverse);
    for (; cursor->valid(); cursor->next()) {
        size += cursor->key().size() + cursor->value().size();
        const size_t count = answer.entries.size();
        if (count != 0 && (count >= request.limit_count || size > request.limit_bytes)) {
            answer.has_more = true;
            break;
        }
        answer.entries.emplace_back(cursor->key(), cursor->value());
    }
    answer.outcome = cursor->outcome();
    return answer;
}

StoreThreadCounters StoreThread::counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
}

Outcome StoreThread::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_) stop_deadline_ = Clock::now() + std::chrono::milliseconds(limits_.stop_wait_ms);
        stopping_ = true;
    }
    submitted_.notify_one();
    if (writing_thread_.joinable()) writing_thread_.join();
    {
        const std::lock_guard lock(read_mutex_);
        reads_end_ = true;
    }
    read_submitted_.notify_one();
    if (reading_thread_.joinable()) reading_thread_.join();
    if (failure_) return {};
    const size_t lost = group_.batches + taken_.size() + submissions_.size();
    return {failure_.kind(), std::to_string(lost) + " batches were not stored: " + failure_.text()};
}

}  // namespace runnel::storage

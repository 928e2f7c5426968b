// SPDX-License-Identifier: Apache-2.0
#include "storage/store_thread.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include "storage/memory_store.h"
#include "test/unit/storage/content.h"

namespace runnel::storage {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// Notes what it is told; a test waits until it has been told enough.
class Witness final : public CommitObserver {
public:
    void on_durable(WriterId writer, Ticket last) override {
        note("durable " + std::to_string(writer) + ":" + std::to_string(last));
        const std::lock_guard lock(mutex_);
        if (last_.size() <= writer) last_.resize(writer + 1);
        is_ordered_ &= last > last_[writer];
        last_[writer] = last;
        changed_.notify_all();
    }
    void on_failed(const Outcome& outcome) override { note("failed " + outcome.text()); }
    void on_recovered() override { note("recovered"); }
    void on_relieved() override { note("relieved"); }

    bool wait_for_ticket(WriterId writer, Ticket ticket) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return last_.size() > writer && last_[writer] >= ticket; });
    }
    bool wait_for_event(const std::string& event) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return count_of(event) != 0; });
    }
    // All that it was told, but for what became durable.
    std::string troubles() {
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const std::string& event : events_) {
            if (!event.starts_with("durable")) text += event + "; ";
        }
        return text;
    }
    std::vector<std::string> events() {
        const std::lock_guard lock(mutex_);
        return events_;
    }
    bool is_ordered() {
        const std::lock_guard lock(mutex_);
        return is_ordered_;
    }

private:
    size_t count_of(const std::string& event) const {
        return static_cast<size_t>(std::count(events_.begin(), events_.end(), event));
    }
    void note(std::string event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> events_;
    std::vector<Ticket> last_;
    bool is_ordered_ = true;
};

// Lets nothing through until it is opened, and counts.
class GatedStore final : public Store {
public:
    Outcome apply(const WriteBatch& batch, Durability durability) override {
        {
            std::unique_lock lock(mutex_);
            ++waiting_;
            changed_.notify_all();
            changed_.wait(lock, [&] { return open_; });
            applied_.push_back(durability);
        }
        return memory_.apply(batch, durability);
    }
    Outcome sync() override {
        const std::lock_guard lock(mutex_);
        ++syncs_;
        return memory_.sync();
    }
    Outcome get(std::string_view key, std::string& value, bool& found) override {
        return memory_.get(key, value, found);
    }
    std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, bool reverse) override {
        return memory_.scan(begin, end, reverse);
    }
    Outcome checkpoint(const std::string& directory) override { return memory_.checkpoint(directory); }
    Outcome flush() override { return memory_.flush(); }
    void give_back_space() override {}
    Outcome compact_range(std::string_view begin, std::string_view end) override {
        return memory_.compact_range(begin, end);
    }
    uint64_t size_bytes() const override { return memory_.size_bytes(); }
    bool is_over_budget() const override { return false; }
    std::string statistics() override { return memory_.statistics(); }

    // Until an apply waits at the gate.
    bool wait_for_apply() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return waiting_ != 0; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    std::vector<Durability> applied() {
        const std::lock_guard lock(mutex_);
        return applied_;
    }
    int syncs() {
        const std::lock_guard lock(mutex_);
        return syncs_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    MemoryStore memory_;
    int waiting_ = 0;
    int syncs_ = 0;
    bool open_ = false;
    std::vector<Durability> applied_;
};

Ticket submit(StoreThread& thread, WriterId writer, const std::string& key,
              Durability durability = Durability::Synced) {
    return thread.submit(writer, puts({{key, "v"}}), durability);
}

ReadAnswer read(StoreThread& thread, ReadRequest request) {
    std::promise<ReadAnswer> promise;
    thread.read(std::move(request), [&](ReadAnswer answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
}

std::string keys_of(const ReadAnswer& answer) {
    std::string text;
    for (const auto& entry : answer.entries)
        text += entry.first;
    return text;
}

const Outcome kDiskFull(Outcome::Kind::DiskFull, "log: No space left on device");

TEST_CASE("what is submitted becomes durable and is announced with its ticket") {
    MemoryStore store;
    Witness witness;
    StoreThread thread(store, 2, witness);
    CHECK(submit(thread, 1, "a") == 1);
    CHECK(submit(thread, 1, "b") == 2);
    CHECK(submit(thread, 0, "c") == 1);
    CHECK(witness.wait_for_ticket(1, 2));
    CHECK(witness.wait_for_ticket(0, 1));
    CHECK(content_of(store) == "a=v b=v c=v");
    CHECK(thread.stop());
    CHECK(thread.backlog_bytes() == 0);
    CHECK(witness.troubles().empty());
}

TEST_CASE("what gathers while the disk is busy becomes one commit") {
    GatedStore store;
    Witness witness;
    StoreThread thread(store, 2, witness);
    submit(thread, 0, "a", Durability::Written);
    REQUIRE(store.wait_for_apply());
    for (int i = 0; i < 10; ++i)
        submit(thread, i % 2, std::to_string(i), i == 5 ? Durability::Synced : Durability::Written);
    store.open();
    CHECK(witness.wait_for_ticket(0, 6));
    CHECK(witness.wait_for_ticket(1, 5));
    CHECK(store.applied() == std::vector{Durability::Written, Durability::Synced});
    CHECK(witness.events() == std::vector<std::string>{"durable 0:1", "durable 0:6", "durable 1:5"});
    const StoreThreadCounters counters = thread.counters();
    CHECK(counters.commits == 2);
    CHECK(counters.batches == 11);
    CHECK(counters.bytes == 11 * 11);
}

TEST_CASE("a commit stays below its limit unless one batch alone exceeds it") {
    GatedStore store;
    Witness witness;
    StoreThread thread(store, 1, witness, {.commit_bytes_max = 1000});
    submit(thread, 0, "first");
    REQUIRE(store.wait_for_apply());
    for (int i = 0; i < 4; ++i)
        submit(thread, 0, std::string(400, 'k'));
    submit(thread, 0, std::string(5000, 'k'));
    store.open();
    CHECK(witness.wait_for_ticket(0, 6));
    CHECK(witness.events() == std::vector<std::string>{"durable 0:1", "durable 0:3", "durable 0:5", "durable 0:6"});
}

TEST_CASE("the writer gets memory back for what it submits") {
    MemoryStore store;
    Witness witness;
    StoreThread thread(store, 1, witness);
    WriteBatch batch = puts({{"key", std::string(1000, 'v')}});
    const Ticket first = thread.submit(0, std::move(batch), Durability::Written);
    REQUIRE(witness.wait_for_ticket(0, first));
    WriteBatch second = puts({{"key", "v"}});
    thread.submit(0, std::move(second), Durability::Written);
    CHECK(second.empty());  // NOLINT(bugprone-use-after-move): it is promised.
    CHECK(second.capacity_bytes() >= 1000);
}

TEST_CASE("an empty batch that is synced syncs what was written before, once") {
    GatedStore store;
    store.open();
    Witness witness;
    StoreThread thread(store, 1, witness);
    WriteBatch empty;
    REQUIRE(witness.wait_for_ticket(0, submit(thread, 0, "a", Durability::Written)));
    REQUIRE(witness.wait_for_ticket(0, thread.submit(0, std::move(empty), Durability::Written)));
    CHECK(store.syncs() == 0);
    REQUIRE(witness.wait_for_ticket(0, thread.submit(0, WriteBatch(), Durability::Synced)));
    CHECK(store.syncs() == 1);
    REQUIRE(witness.wait_for_ticket(0, thread.submit(0, WriteBatch(), Durability::Synced)));
    CHECK(store.syncs() == 1);
    CHECK(store.applied().size() == 1);
}

TEST_CASE("many writers at once: all of it is stored, each in order") {
    MemoryStore store;
    Witness witness;
    StoreThread thread(store, 4, witness);
    std::vector<std::thread> writers;
    for (WriterId writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&thread, writer] {
            WriteBatch batch;
            for (int i = 0; i < 2000; ++i) {
                batch.put("last" + std::to_string(writer), std::to_string(i));
                batch.put(std::to_string(writer) + "/" + std::to_string(i), "");
                thread.submit(writer, std::move(batch), Durability::Synced);
            }
        });
    }
    for (std::thread& writer : writers)
        writer.join();
    CHECK(thread.stop());
    CHECK(witness.is_ordered());
    for (WriterId writer = 0; writer < 4; ++writer)
        CHECK(witness.wait_for_ticket(writer, 2000));
    CHECK(content_of(store, "last", "lasu") == "last0=1999 last1=1999 last2=1999 last3=1999");
    const StoreThreadCounters counters = thread.counters();
    CHECK(counters.batches == 8000);
    uint64_t in_histogram = 0;
    for (const uint64_t count : counters.commit_us_histogram)
        in_histogram += count;
    CHECK(in_histogram == counters.commits);
}

TEST_CASE("a failing disk is told once, tried again, and nothing is lost or out of order") {
    MemoryStore store;
    store.fail_applies(5, kDiskFull);
    Witness witness;
    StoreThread thread(store, 2, witness, {.retry_pause_ms = 1, .retry_pause_max_ms = 4});
    thread.submit(0, puts({{"a", "1"}}), Durability::Synced);
    thread.submit(1, puts({{"a", "2"}, {"b", "2"}}), Durability::Synced);
    thread.submit(0, puts({{"b", "3"}}), Durability::Written);
    CHECK(witness.wait_for_ticket(0, 2));
    CHECK(witness.wait_for_ticket(1, 1));
    CHECK(witness.troubles() == "failed log: No space left on device; recovered; ");
    CHECK(content_of(store) == "a=2 b=3");
    CHECK(thread.counters().failures == 5);
    CHECK_FALSE(thread.is_failing());
    CHECK(thread.stop());
}

TEST_CASE("another kind of failure is told too") {
    MemoryStore store;
    store.fail_applies(UINT64_MAX, kDiskFull);
    Witness witness;
    StoreThread thread(store, 1, witness, {.retry_pause_ms = 1, .retry_pause_max_ms = 1});
    submit(thread, 0, "a");
    CHECK(witness.wait_for_event("failed log: No space left on device"));
    CHECK(thread.is_failing());
    store.fail_applies(3, {Outcome::Kind::ReadOnly, "read-only"});
    CHECK(witness.wait_for_event("recovered"));
    CHECK(witness.troubles() == "failed log: No space left on device; failed read-only; recovered; ");
}

TEST_CASE("a backlog above its limit is congestion, until half of it has gone") {
    GatedStore store;
    Witness witness;
    StoreThread thread(store, 1, witness, {.backlog_bytes_max = 1000, .commit_bytes_max = 300});
    submit(thread, 0, "first");
    REQUIRE(store.wait_for_apply());
    submit(thread, 0, std::string(800, 'k'));
    CHECK_FALSE(thread.is_congested());
    const Ticket last = submit(thread, 0, std::string(800, 'k'));
    CHECK(thread.is_congested());
    CHECK(thread.backlog_bytes() == 3 * 10 + 5 + 1600);
    store.open();
    CHECK(witness.wait_for_event("relieved"));
    CHECK(witness.wait_for_ticket(0, last));
    CHECK_FALSE(thread.is_congested());
    CHECK(thread.stop());
    CHECK(witness.troubles() == "relieved; ");
}

TEST_CASE("stopping stores everything that was submitted") {
    GatedStore store;
    Witness witness;
    StoreThread thread(store, 1, witness);
    submit(thread, 0, "a");
    REQUIRE(store.wait_for_apply());
    submit(thread, 0, "b");
    auto stopped = std::async(std::launch::async, [&] { return thread.stop(); });
    store.open();
    CHECK(stopped.get());
    CHECK(content_of(store) == "a=v b=v");
    CHECK(thread.stop());
}

TEST_CASE("stopping waits for a disk that recovers, and not for ever for one that does not") {
    MemoryStore store;
    Witness witness;
    {
        store.fail_applies(4, kDiskFull);
        StoreThread thread(store, 1, witness, {.retry_pause_ms = 1, .stop_wait_ms = 30000});
        submit(thread, 0, "a");
        CHECK(thread.stop());
        CHECK(content_of(store) == "a=v");
    }
    store.fail_applies(UINT64_MAX, kDiskFull);
    StoreThread thread(store, 1, witness, {.retry_pause_ms = 1, .stop_wait_ms = 20});
    submit(thread, 0, "b");
    REQUIRE(witness.wait_for_event("failed log: No space left on device"));
    submit(thread, 0, "c");
    const Outcome outcome = thread.stop();
    CHECK(outcome.kind() == Outcome::Kind::DiskFull);
    CHECK(outcome.text() == "2 batches were not stored: log: No space left on device");
    CHECK(content_of(store) == "a=v");
}

TEST_CASE("reads come in pages, from either end") {
    MemoryStore store;
    CHECK(store.apply(puts({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}), Durability::Synced));
    Witness witness;
    StoreThread thread(store, 1, witness);
    ReadAnswer answer = read(thread, {.begin = "a", .end = "d", .limit_count = 2});
    CHECK(keys_of(answer) == "ab");
    CHECK(answer.has_more);
    answer = read(thread, {.begin = "c", .end = "d", .limit_count = 2});
    CHECK(keys_of(answer) == "c");
    CHECK_FALSE(answer.has_more);
    answer = read(thread, {.begin = "", .end = "", .limit_count = 3, .reverse = true});
    CHECK(keys_of(answer) == "dcb");
    CHECK(answer.has_more);
    answer = read(thread, {.begin = "", .end = "", .limit_bytes = 1});
    CHECK(keys_of(answer) == "a");
    CHECK(answer.outcome);
    CHECK(thread.stop());
    answer = read(thread, {});
    CHECK_FALSE(answer.outcome);
    CHECK(answer.entries.empty());
}

TEST_CASE("a read is answered while the disk is busy with a commit") {
    GatedStore store;
    Witness witness;
    StoreThread thread(store, 1, witness);
    submit(thread, 0, "a");
    REQUIRE(store.wait_for_apply());
    CHECK(keys_of(read(thread, {})).empty());
    store.open();
    REQUIRE(witness.wait_for_ticket(0, 1));
    CHECK(keys_of(read(thread, {})) == "a");
}

}  // namespace
}  // namespace runnel::storage

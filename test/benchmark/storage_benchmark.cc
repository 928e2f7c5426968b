// SPDX-License-Identifier: Apache-2.0
// What a commit costs, run by hand: storage_benchmark DIRECTORY [seconds per row]
// One line for each size of a batch, size of a value and durability: batches straight into the store, one after the
// other. Then the store thread, with two writers that have many batches of one entry under way, and what the process
// weighs.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/rocksdb_store.h"
#include "storage/store_thread.h"

using namespace runnel::storage;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void require(const Outcome& outcome) {
    if (outcome) return;
    std::fprintf(stderr, "%s\n", outcome.text().c_str());
    std::exit(1);
}

size_t resident_kib() {
    size_t pages_of_program = 0;
    size_t pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%zu %zu", &pages_of_program, &pages) != 2) pages = 0;
        std::fclose(file);
    }
    return pages * 4;
}

// Like the journal of a queue: each entry is put under a rising key, and erased a thousand entries later.
class Journal {
public:
    explicit Journal(size_t value_size) : value_(value_size, 'v') {}

    void add_to(WriteBatch& batch) {
        batch.put(key(next_), value_);
        if (next_ >= 1000) batch.erase(key(next_ - 1000));
        ++next_;
    }
    void use_writer(uint64_t writer) { prefix_ = std::to_string(writer) + "/"; }

private:
    std::string key(uint64_t number) const {
        char digits[24];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
        return prefix_ + digits;
    }

    std::string prefix_ = "q/";
    std::string value_;
    uint64_t next_ = 0;
};

void measure_store(const std::string& path, Durability durability, size_t entries, size_t value_size, double seconds) {
    std::filesystem::remove_all(path);
    OpenedStore opened = open_rocksdb(path, {});
    require(opened.outcome);
    Journal journal(value_size);
    WriteBatch batch;
    uint64_t commits = 0;
    const auto start = Clock::now();
    while (seconds_since(start) < seconds) {
        batch.clear();
        for (size_t i = 0; i < entries; ++i)
            journal.add_to(batch);
        require(opened.store->apply(batch, durability));
        ++commits;
    }
    const double elapsed = seconds_since(start);
    const double per_second = static_cast<double>(commits) / elapsed;
    std::printf("%-8s %5zu x %5zu B  %9.0f commits/s  %10.0f entries/s  %8.2f MB/s  %6.1f MB on disk\n",
                durability == Durability::Synced ? "synced" : "written", entries, value_size, per_second,
                per_second * static_cast<double>(entries), per_second * static_cast<double>(entries * value_size) / 1e6,
                static_cast<double>(opened.store->size_bytes()) / 1e6);
}

// Keeps a number of batches under way.
class Window final : public CommitObserver {
public:
    explicit Window(WriterId writers) : durable_(writers) {}
    void on_durable(WriterId writer, Ticket last) override {
        durable_[writer].store(last);
        durable_[writer].notify_all();
    }
    void on_failed(const Outcome& outcome) override { require(outcome); }
    void on_recovered() override {}
    void on_relieved() override {}
    void wait_for_room(WriterId writer, Ticket submitted, uint64_t size) {
        for (Ticket seen = durable_[writer]; submitted - seen >= size; seen = durable_[writer])
            durable_[writer].wait(seen);
    }

private:
    std::vector<std::atomic<Ticket>> durable_;
};

void measure_thread(const std::string& path, Durability durability, uint64_t window_size, double seconds) {
    std::filesystem::remove_all(path);
    OpenedStore opened = open_rocksdb(path, {});
    require(opened.outcome);
    Window window(2);
    StoreThread thread(*opened.store, 2, window);
    const auto start = Clock::now();
    const auto write = [&](WriterId writer) {
        Journal journal(256);
        journal.use_writer(writer);
        WriteBatch batch;
        Ticket last = 0;
        while (seconds_since(start) < seconds) {
            journal.add_to(batch);
            last = thread.submit(writer, std::move(batch), durability);
            window.wait_for_room(writer, last, window_size);
        }
        window.wait_for_room(writer, last, 1);
    };
    std::thread second(write, 1);
    write(0);
    second.join();
    const double elapsed = seconds_since(start);
    const StoreThreadCounters counters = thread.counters();
    std::printf(
        "%-8s 2 writers, %5llu in flight: %9.0f batches/s  %7.0f commits/s  %7.1f batches/commit  %6.0f us/commit "
        "(max %llu)\n",
        durability == Durability::Synced ? "synced" : "written", static_cast<unsigned long long>(window_size),
        static_cast<double>(counters.batches) / elapsed, static_cast<double>(counters.commits) / elapsed,
        static_cast<double>(counters.batches) / static_cast<double>(counters.commits),
        static_cast<double>(counters.commit_us_sum) / static_cast<double>(counters.commits),
        static_cast<unsigned long long>(counters.commit_us_max));
    require(thread.stop());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: storage_benchmark DIRECTORY [seconds per row]\n");
        return 2;
    }
    const std::string path = std::string(argv[1]) + "/storage_benchmark";
    const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
    const size_t before = resident_kib();
    {
        std::filesystem::remove_all(path);
        const OpenedStore opened = open_rocksdb(path, {});
        require(opened.outcome);
        std::printf("an open, empty store weighs %zu KiB of memory\n", resident_kib() - before);
    }
    for (const Durability durability : {Durability::Synced, Durability::Written}) {
        for (const size_t entries : {1, 100, 1000}) {
            for (const size_t value_size : {100, 1024})
                measure_store(path, durability, entries, value_size, seconds);
        }
        for (const uint64_t window_size : {1, 100, 1000})
            measure_thread(path, durability, window_size, seconds);
    }
    std::printf("resident at the end: %zu KiB more than at the start\n", resident_kib() - before);
    std::filesystem::remove_all(path);
    return 0;
}

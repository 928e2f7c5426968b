// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/experimental.h>
#include <rocksdb/file_system.h>
#include <rocksdb/iterator.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storage/rocksdb_options.h"
#include "storage/rocksdb_store_testing.h"
#include "storage/store_directory.h"
#include "storage/write_ahead_log_scan.h"

namespace runnel::storage {
namespace {

constexpr uint64_t kSizeRefreshBytes = 1 << 20;
constexpr size_t kBatchKeptBytes = 1 << 20;
// Of give_back_space(): erasures that are worth a new table, steps after which any are, and steps in which tables with
// erasures are looked for after that.
constexpr uint64_t kErasuresWorthIt = 10'000;
constexpr unsigned kIdleStepsMax = 4;
constexpr unsigned kMarkingSteps = 60;

rocksdb::Slice slice(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}

std::string_view view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

Outcome::Kind kind_of(const rocksdb::Status& status, const std::string& text) {
    if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) return Outcome::Kind::DiskFull;
    if (const Outcome::Kind kind = kind_of_failure(text); kind != Outcome::Kind::IoError) return kind;
    // RocksDB calls it corruption too if a file cannot be opened for want of permission or descriptors.
    const bool is_missing = contains(text, "No such file or directory");
    if (status.IsCorruption() && (is_missing || !contains(text, "IO error"))) return Outcome::Kind::Damaged;
    return Outcome::Kind::IoError;
}

Outcome outcome_of(const rocksdb::Status& status, const std::string& path) {
    if (status.ok()) return {};
    std::string text = status.ToString();
    const Outcome::Kind kind = kind_of(status, text);
    if (!contains(text, path)) text = path + ": " + text;
    return {kind, std::move(text)};
}

// Copies a batch of ours into one of RocksDB.
struct BatchWriter {
    rocksdb::WriteBatch& batch;
    uint64_t& erasures;

    void put(std::string_view key, std::string_view value) const { add(batch.Put(slice(key), slice(value))); }
    void erase(std::string_view key) const {
        add(batch.Delete(slice(key)));
        ++erasures;
    }
    void erase_range(std::string_view begin, std::string_view end) const {
        add(batch.DeleteRange(slice(begin), slice(end)));
        ++erasures;
    }
    // A batch has no limit of its own, so adding to it cannot fail.
    static void add(const rocksdb::Status& status) { status.PermitUncheckedError(); }
};

// Keeps RocksDB from recovering on its own, every five seconds and only if it finds enough space free: apply() does it,
// as often as it is called.
class ManualRecovery final : public rocksdb::EventListener {
public:
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
        *auto_recovery = false;
    }
};

// An open database, closed with the last one that uses it.
struct Database {
    explicit Database(rocksdb::DB* opened) : db(opened) {}
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { db->Close().PermitUncheckedError(); }

    const std::unique_ptr<rocksdb::DB> db;
};

class DatabaseCursor final : public Cursor {
public:
    DatabaseCursor(std::shared_ptr<Database> database, std::string path, std::string_view begin, std::string_view end,
                   bool reverse)
        : database_(std::move(database)), path_(std::move(path)), begin_(begin), end_(end), reverse_(reverse) {
        rocksdb::ReadOptions options;
        lower_ = rocksdb::Slice(begin_);
        upper_ = rocksdb::Slice(end_);
        options.iterate_lower_bound = &lower_;
        if (!end_.empty()) options.iterate_upper_bound = &upper_;
        iterator_.reset(database_->db->NewIterator(options));
        if (reverse_) {
            iterator_->SeekToLast();
        } else {
            iterator_->SeekToFirst();
        }
    }
    bool valid() const override { return iterator_->Valid(); }
    std::string_view key() const override { return view(iterator_->key()); }
    std::string_view value() const override { return view(iterator_->value()); }
    void next() override {
        if (reverse_) {
            iterator_->Prev();
        } else {
            iterator_->Next();
        }
    }
    Outcome outcome() const override { return outcome_of(iterator_->status(), path_); }

private:
    const std::shared_ptr<Database> database_;
    const std::string path_;
    const std::string begin_;
    const std::string end_;
    const bool reverse_;
    rocksdb::Slice lower_;
    rocksdb::Slice upper_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Nothing, because the disk does not let the store be read.
class FailedCursor final : public Cursor {
public:
    explicit FailedCursor(Outcome outcome) : outcome_(std::move(outcome)) {}
    bool valid() const override { return false; }
    std::string_view key() const override { return {}; }
    std::string_view value() const override { return {}; }
    void next() override {}
    Outcome outcome() const override { return outcome_; }

private:
    const Outcome outcome_;
};

class RocksDbStore final : public Store {
public:
    RocksDbStore(std::string path, const RocksDbOptions& ours, rocksdb::Options options,
                 std::unique_ptr<rocksdb::Env> env)
        : path_(std::move(path)), max_bytes_(ours.max_bytes), env_(std::move(env)), options_(std::move(options)) {
        options_.listeners.push_back(std::make_shared<ManualRecovery>());
    }
    RocksDbStore(const RocksDbStore&) = delete;
    RocksDbStore& operator=(const RocksDbStore&) = delete;
    // Empties the write-ahead log, so that nothing in it can be in doubt at the next start.
    ~RocksDbStore() override {
        if (database_ && !needs_recovery_) (void)flush();
    }

    Outcome open();
    Outcome apply(const WriteBatch& batch, Durability durability) override;
    Outcome sync() override;
    Outcome get(std::string_view key, std::string& value, bool& found) override;
    std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, bool reverse) override;
    Outcome checkpoint(const std::string& directory) override;
    Outcome flush() override;
    Outcome compact_range(std::string_view begin, std::string_view end) override;
    void give_back_space() override;
    uint64_t size_bytes() const override { return size_.load(std::memory_order_relaxed); }
    bool is_over_budget() const override { return size_bytes() > max_bytes_; }
    std::string statistics() override;

private:
    std::shared_ptr<Database> database() {
        const std::lock_guard lock(database_mutex_);
        return database_;
    }
    Outcome not_open() const { return {Outcome::Kind::IoError, path_ + ": closed after a failure of the disk"}; }
    rocksdb::Status write(const WriteBatch& batch, Durability durability);
    Outcome settle(const rocksdb::Status& status, Durability durability);
    Outcome recover();
    Outcome open_for_writing();
    void open_for_reading();
    void refresh_size();

    const std::string path_;
    const uint64_t max_bytes_;
    const std::unique_ptr<rocksdb::Env> env_;  // Null: the system's.
    rocksdb::Options options_;
    std::mutex write_mutex_;  // Held for a write and what belongs to it; taken before database_mutex_.
    std::mutex database_mutex_;
    std::shared_ptr<Database> database_;  // Null if the disk does not even let it be read.
    rocksdb::WriteBatch batch_;
    Outcome failure_;              // The last one of a write.
    uint64_t synced_through_ = 0;  // Sequence numbers, for log_mark().
    uint64_t last_logged_ = 0;
    uint64_t unmeasured_bytes_ = 0;
    std::atomic<bool> needs_recovery_{false};
    std::atomic<uint64_t> size_{0};
    std::atomic<uint64_t> erasures_{0};  // Since the last step that wrote them to a table.
    unsigned idle_steps_ = 0;            // Of the thread of give_back_space().
    unsigned marking_steps_ = 0;
};

Outcome RocksDbStore::open() {
    const std::lock_guard lock(database_mutex_);
    return open_for_writing();
}

// With database_mutex_ held.
Outcome RocksDbStore::open_for_writing() {
    rocksdb::DB* opened = nullptr;
    if (Outcome outcome = outcome_of(rocksdb::DB::Open(options_, path_, &opened), path_); !outcome) return outcome;
    database_ = std::make_shared<Database>(opened);
    // Opening has moved all that was in the log into synced files.
    synced_through_ = last_logged_ = opened->GetLatestSequenceNumber();
    needs_recovery_ = false;
    refresh_size();
    return {};
}

void RocksDbStore::refresh_size() {
    unmeasured_bytes_ = 0;
    size_.store(directory_bytes(path_), std::memory_order_relaxed);
}

Outcome RocksDbStore::apply(const WriteBatch& batch, Durability durability) {
    const std::lock_guard lock(write_mutex_);
    if (needs_recovery_) {
        if (Outcome outcome = recover(); !outcome) return outcome;
    }
    Outcome outcome = settle(write(batch, durability), durability);
    unmeasured_bytes_ += batch.size_bytes();
    if (unmeasured_bytes_ >= kSizeRefreshBytes) refresh_size();
    return outcome;
}

rocksdb::Status RocksDbStore::write(const WriteBatch& batch, Durability durability) {
    batch_.Clear();
    batch_.PutLogData(log_mark(synced_through_, last_logged_)).PermitUncheckedError();
    uint64_t erasures = 0;
    batch.for_each(BatchWriter{batch_, erasures});
    erasures_.fetch_add(erasures, std::memory_order_relaxed);
    rocksdb::WriteOptions options;
    options.sync = durability == Durability::Synced;
    options.disableWAL = durability == Durability::Memory;
    const rocksdb::Status status = database_->db->Write(options, &batch_);
    if (status.ok() && !options.disableWAL) last_logged_ = database_->db->GetLatestSequenceNumber();
    if (batch_.GetDataSize() > kBatchKeptBytes) batch_ = rocksdb::WriteBatch();
    return status;
}

Outcome RocksDbStore::settle(const rocksdb::Status& status, Durability durability) {
    Outcome outcome = outcome_of(status, path_);
    if (!outcome) {
        failure_ = outcome;
        needs_recovery_ = true;
    } else if (durability == Durability::Synced) {
        synced_through_ = last_logged_;
    }
    return outcome;
}

// Writes go on after a failure if the disk lets them: with a new start from what is on disk, which holds all that was
// ever written successfully. DB::Resume() would keep the database open, but gives up for good if it fails itself (as it
// does if the disk is still full), and Debian's library is built with assertions, one of which it can meet there. Who
// reads waits.
Outcome RocksDbStore::recover() {
    const std::lock_guard lock(database_mutex_);
    // One that reads has it open, for a moment: the next attempt will do.
    if (database_.use_count() > 1) return failure_;
    database_.reset();
    Outcome outcome = open_for_writing();
    if (!outcome) open_for_reading();
    return outcome;
}

// Until writing is possible again.
void RocksDbStore::open_for_reading() {
    rocksdb::DB* opened = nullptr;
    if (rocksdb::DB::OpenForReadOnly(options_, path_, &opened).ok()) database_ = std::make_shared<Database>(opened);
}

Outcome RocksDbStore::sync() {
    const std::lock_guard lock(write_mutex_);
    if (needs_recovery_) return recover();
    return settle(database_->db->SyncWAL(), Durability::Synced);
}

Outcome RocksDbStore::get(std::string_view key, std::string& value, bool& found) {
    const auto database = this->database();
    found = false;
    if (!database) return not_open();
    const rocksdb::Status status = database->db->Get(rocksdb::ReadOptions(), slice(key), &value);
    if (status.IsNotFound()) return {};
    found = status.ok();
    return outcome_of(status, path_);
}

std::unique_ptr<Cursor> RocksDbStore::scan(std::string_view begin, std::string_view end, bool reverse) {
    auto database = this->database();
    if (!database) return std::make_unique<FailedCursor>(not_open());
    return std::make_unique<DatabaseCursor>(std::move(database), path_, begin, end, reverse);
}

Outcome RocksDbStore::checkpoint(const std::string& directory) {
    const auto database = this->database();
    if (!database) return not_open();
    rocksdb::Checkpoint* created = nullptr;
    const rocksdb::Status status = rocksdb::Checkpoint::Create(database->db.get(), &created);
    if (!status.ok()) return outcome_of(status, path_);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(created);
    return outcome_of(checkpoint->CreateCheckpoint(directory), directory);
}

Outcome RocksDbStore::flush() {
    const auto database = this->database();
    if (!database) return not_open();
    return outcome_of(database->db->Flush(rocksdb::FlushOptions()), path_);
}

Outcome RocksDbStore::compact_range(std::string_view begin, std::string_view end) {
    const auto database = this->database();
    if (!database) return not_open();
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    const rocksdb::Slice first = slice(begin);
    const rocksdb::Slice last = slice(end);
    Outcome outcome = outcome_of(database->db->CompactRange(options, &first, end.empty() ? nullptr : &last), path_);
    const std::lock_guard lock(write_mutex_);
    refresh_size();
    return outcome;
}

// An erasure gives back nothing until it meets what it erases in a compaction, and RocksDB is in no hurry with those:
// it counts neither ranges nor what is still in memory. So erasures are written to a table, and the tables that hold
// some are compacted, level by level, until they have met what lies below.
void mark_tables_with_erasures(rocksdb::DB& db) {
    rocksdb::TablePropertiesCollection properties;
    if (!db.GetPropertiesOfAllTables(&properties).ok()) return;
    std::vector<rocksdb::LiveFileMetaData> tables;
    db.GetLiveFilesMetaData(&tables);
    for (const rocksdb::LiveFileMetaData& table : tables) {
        const auto at = properties.find(table.db_path + table.name);
        if (at == properties.end()) continue;
        const rocksdb::TableProperties& content = *at->second;
        if (content.num_range_deletions == 0 && content.num_deletions * 4 <= content.num_entries) continue;
        const rocksdb::Slice first = table.smallestkey;
        const rocksdb::Slice last = table.largestkey;
        rocksdb::experimental::SuggestCompactRange(&db, &first, &last).PermitUncheckedError();
    }
}

void RocksDbStore::give_back_space() {
    {
        const std::lock_guard lock(write_mutex_);
        if (needs_recovery_) return;
        refresh_size();
    }
    const auto database = this->database();
    if (!database) return;
    const uint64_t erasures = erasures_.load(std::memory_order_relaxed);
    if (erasures >= kErasuresWorthIt || (erasures != 0 && ++idle_steps_ >= kIdleStepsMax)) {
        rocksdb::FlushOptions in_background;
        in_background.wait = false;
        if (!database->db->Flush(in_background).ok()) return;  // The next write tells, and recovers.
        erasures_.fetch_sub(erasures, std::memory_order_relaxed);
        idle_steps_ = 0;
        marking_steps_ = kMarkingSteps;
    } else if (marking_steps_ != 0) {
        --marking_steps_;
        mark_tables_with_erasures(*database->db);
    }
}

std::string RocksDbStore::statistics() {
    const auto database = this->database();
    if (!database) return not_open().text() + "\n";
    std::string text =
        "engine: rocksdb\ndirectory: " + path_ + "\nbytes on disk: " + std::to_string(size_bytes()) + "\n";
    const std::pair<const char*, const char*> properties[] = {
        {"keys (estimate)", "rocksdb.estimate-num-keys"},
        {"bytes in write buffers", "rocksdb.cur-size-all-mem-tables"},
        {"bytes in the block cache", "rocksdb.block-cache-usage"},
        {"bytes of live data (estimate)", "rocksdb.estimate-live-data-size"},
        {"bytes waiting for compaction (estimate)", "rocksdb.estimate-pending-compaction-bytes"},
        {"background errors", "rocksdb.background-errors"},
        {"snapshots", "rocksdb.num-snapshots"},
    };
    for (const auto& [title, property] : properties) {
        uint64_t number = 0;
        if (database->db->GetIntProperty(property, &number)) text += title + (": " + std::to_string(number)) + "\n";
    }
    std::string levels;
    if (database->db->GetProperty("rocksdb.levelstats", &levels)) text += levels;
    return text;
}

// InUse if another process, or another part of this one, has the store open.
Outcome lock_in(const std::string& path, rocksdb::Env& env, rocksdb::FileLock*& lock) {
    const rocksdb::Status status = env.LockFile(path + "/LOCK", &lock);
    if (status.ok()) return {};
    const std::string text = status.ToString();
    const bool is_held = contains(text, "lock hold by") || contains(text, "Resource temporarily unavailable");
    if (!is_held) return outcome_of(status, path);
    return {Outcome::Kind::InUse, path + ": another process has this store open (" + text + ")"};
}

void unlock(rocksdb::FileLock* lock, rocksdb::Env& env) {
    env.UnlockFile(lock).PermitUncheckedError();
}

Outcome find_other_user(const std::string& path, rocksdb::Env& env) {
    rocksdb::FileLock* lock = nullptr;
    if (Outcome outcome = lock_in(path, env, lock); !outcome) return outcome;
    return outcome_of(env.UnlockFile(lock), path);
}

bool has_current(const std::string& path, rocksdb::Env& env) {
    return env.FileExists(path + "/CURRENT").ok();
}

// One of the files that the others name may be missing.
Outcome damaged_if_missing(Outcome outcome, bool is_store) {
    if (outcome || !is_store || !contains(outcome.text(), "No such file or directory")) return outcome;
    return {Outcome::Kind::Damaged, outcome.text()};
}

// Opens for reading only, which changes nothing.
Outcome open_to_look(const std::string& path, const rocksdb::Options& options, std::unique_ptr<rocksdb::DB>& database) {
    rocksdb::DB* opened = nullptr;
    Outcome outcome = outcome_of(rocksdb::DB::OpenForReadOnly(options, path, &opened), path);
    database.reset(opened);
    return damaged_if_missing(std::move(outcome), has_current(path, *options.env));
}

// Opening would stop at the first record of the log that cannot be read, and drop what is behind it. `torn_end` is set
// if there is one, not damage, with more of the log behind it.
Outcome find_damage(const std::string& path, const rocksdb::Options& options, std::optional<LogGap>& torn_end) {
    if (has_lost_its_beginning(path)) {
        return {Outcome::Kind::Damaged,
                path + "/CURRENT: No such file or directory, but there are tables or logs beside it"};
    }
    std::vector<LogGap> gaps = find_log_gaps(path);
    std::erase_if(gaps, [](const LogGap& gap) { return !gap.is_followed; });
    if (gaps.empty()) return {};
    std::unique_ptr<rocksdb::DB> database;
    if (Outcome outcome = open_to_look(path, options, database); !outcome) return outcome;
    uint64_t oldest_needed = 0;  // The tables make the logs before it superfluous.
    (void)database->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &oldest_needed);
    std::erase_if(gaps, [&](const LogGap& gap) { return gap.log_number < oldest_needed; });
    for (const LogGap& gap : gaps) {
        if (!gap.lost_synced(database->GetLatestSequenceNumber())) continue;
        return {Outcome::Kind::Damaged, gap.path + ": cannot be read at byte " + std::to_string(gap.offset) +
                                            ", where there were changes that had been synced"};
    }
    const auto hole = std::find_if(gaps.begin(), gaps.end(), [](const LogGap& gap) { return gap.is_hole; });
    if (hole != gaps.end()) torn_end = *hole;
    return {};
}

// Damaged if it must not be opened. A torn end of the log is cut off.
Outcome prepare_to_open(const std::string& path, const rocksdb::Options& options) {
    rocksdb::FileLock* lock = nullptr;
    if (Outcome outcome = lock_in(path, *options.env, lock); !outcome) return outcome;
    std::optional<LogGap> torn_end;
    Outcome outcome = find_damage(path, options, torn_end);
    if (outcome && torn_end) outcome = cut_log(path, *torn_end);
    unlock(lock, *options.env);
    return outcome;
}

OpenedStore open_with(const std::string& path, const RocksDbOptions& ours, std::unique_ptr<rocksdb::Env> own_env) {
    OpenedStore result;
    rocksdb::Env& env = own_env ? *own_env : *rocksdb::Env::Default();
    rocksdb::Options options = library_options(path, ours);
    options.env = &env;
    result.outcome = create_store_directory(path);
    if (result.outcome) result.outcome = prepare_to_open(path, options);
    if (!result.outcome) return result;
    const bool is_old = has_current(path, env);
    auto store = std::make_unique<RocksDbStore>(path, ours, std::move(options), std::move(own_env));
    result.outcome = damaged_if_missing(store->open(), is_old);
    if (result.outcome) result.store = std::move(store);
    return result;
}

}  // namespace

OpenedStore open_rocksdb(const std::string& path, const RocksDbOptions& options) {
    return open_with(path, options, nullptr);
}

OpenedStore open_rocksdb_on(const std::string& path, const RocksDbOptions& options,
                            std::shared_ptr<rocksdb::FileSystem> file_system) {
    return open_with(path, options, rocksdb::NewCompositeEnv(file_system));
}

OpenedStore open_rocksdb_or_set_aside(const std::string& path, const RocksDbOptions& options, std::string_view stamp) {
    OpenedStore first = open_rocksdb(path, options);
    if (first.outcome.kind() != Outcome::Kind::Damaged) return first;
    std::string set_aside;
    if (Outcome moved = set_directory_aside(path, "damaged", stamp, set_aside); !moved) {
        first.outcome = {moved.kind(), first.outcome.text() + "; and it cannot be set aside: " + moved.text()};
        return first;
    }
    OpenedStore second = open_rocksdb(path, options);
    second.set_aside = set_aside;
    second.report = "The store " + path + " is damaged: " + first.outcome.text() + ". It is now " + set_aside +
                    ", and the broker begins with an empty one. To try a repair: stop the broker, copy " + set_aside +
                    ", run \"runnelctl store repair\" on the copy, and put it in the place of " + path + ".";
    return second;
}

Outcome lock_store(const std::string& path, StoreLock& lock) {
    rocksdb::FileLock* held = nullptr;
    Outcome outcome = lock_in(path, *rocksdb::Env::Default(), held);
    if (outcome) lock.reset(held, [](auto* file) { rocksdb::Env::Default()->UnlockFile(file).PermitUncheckedError(); });
    return outcome;
}

Outcome check_rocksdb(const std::string& path, std::string& report) {
    rocksdb::Options options = library_options(path, {});
    options.create_if_missing = false;
    if (!has_current(path, *options.env) && !has_lost_its_beginning(path)) {
        return {Outcome::Kind::IoError, path + ": there is no store here"};
    }
    if (Outcome outcome = find_other_user(path, *options.env); !outcome) return outcome;
    std::optional<LogGap> torn_end;
    if (Outcome outcome = find_damage(path, options, torn_end); !outcome) return outcome;
    std::unique_ptr<rocksdb::DB> database;
    if (Outcome outcome = open_to_look(path, options, database); !outcome) return outcome;
    if (Outcome outcome = outcome_of(database->VerifyChecksum(), path); !outcome) return outcome;
    uint64_t keys = 0;
    uint64_t bytes = 0;
    const std::unique_ptr<rocksdb::Iterator> all(database->NewIterator(rocksdb::ReadOptions()));
    for (all->SeekToFirst(); all->Valid(); all->Next(), ++keys)
        bytes += all->key().size() + all->value().size();
    report = std::to_string(keys) + " keys, " + std::to_string(bytes) + " bytes of keys and values, " +
             std::to_string(directory_bytes(path)) + " bytes on disk\n";
    return outcome_of(all->status(), path);
}

Outcome repair_rocksdb(const std::string& path, std::string& report) {
    rocksdb::Options options = library_options(path, {});
    options.create_if_missing = false;
    if (!options.env->FileExists(path).ok()) return {Outcome::Kind::IoError, path + ": No such file or directory"};
    if (Outcome outcome = find_other_user(path, *options.env); !outcome) return outcome;
    if (Outcome outcome = outcome_of(rocksdb::RepairDB(path, options), path); !outcome) return outcome;
    return check_rocksdb(path, report);
}

}  // namespace runnel::storage

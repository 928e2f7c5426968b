// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace runnel::storage {

// The twin of the store on disk, with the same contract but for durability. With Remember::Crashes it also plays a disk
// that loses what it may lose, for tests; that costs a second copy of what it holds.
class MemoryStore final : public Store {
public:
    enum class Remember : uint8_t { Nothing, Crashes };

    explicit MemoryStore(Remember remember = Remember::Nothing, uint64_t max_bytes = UINT64_MAX)
        : remember_(remember), max_bytes_(max_bytes) {}

    Outcome apply(const WriteBatch& batch, Durability durability) override;
    Outcome sync() override;
    Outcome get(std::string_view key, std::string& value, bool& found) override;
    std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, bool reverse = false) override;
    Outcome checkpoint(const std::string& directory) override;
    Outcome flush() override;
    Outcome compact_range(std::string_view begin, std::string_view end) override;
    void give_back_space() override {}
    // Bytes of keys and values.
    uint64_t size_bytes() const override;
    bool is_over_budget() const override { return size_bytes() > max_bytes_; }
    std::string statistics() override;

    // A crash: only what was applied at least this durably is left. Written: the process died. Synced: the power went,
    // but the first `written_kept` batches that were written since the last sync had reached the disk all the same.
    // Needs Remember::Crashes.
    void forget(Durability kept, size_t written_kept = 0);
    void forget_unsynced() { forget(Durability::Synced); }
    // Batches that were written since the last sync.
    size_t unsynced_batches() const;

    // The next `count` calls of apply and sync fail with this and change nothing.
    void fail_applies(uint64_t count, Outcome outcome);

private:
    class SnapshotCursor;
    using Sequence = uint64_t;
    // A value under a key since a moment; no value: erased.
    struct Version {
        Sequence since;
        std::optional<std::string> value;
    };
    // Oldest version first. One, unless a cursor needs the ones before it.
    using Versions = std::vector<Version>;
    using Map = std::map<std::string, Versions, std::less<>>;
    struct Applier;

    static const std::string* visible(const Versions& versions, Sequence at);
    void change(std::string_view key, std::optional<std::string> value);
    void change_range(std::string_view begin, std::string_view end);
    void replace_by(const std::map<std::string, std::string, std::less<>>& content);
    void remember(const WriteBatch& batch, Durability durability);
    void settle_written(size_t count);
    std::optional<Outcome> take_failure();
    void release(Sequence snapshot);

    const Remember remember_;
    const uint64_t max_bytes_;
    mutable std::mutex mutex_;
    Map map_;
    Sequence sequence_ = 0;
    uint64_t size_ = 0;
    uint64_t applies_ = 0;
    std::multiset<Sequence> snapshots_;
    std::set<std::string, std::less<>> to_prune_;  // Keys with versions for cursors only.
    uint64_t failures_left_ = 0;
    Outcome failure_;
    // Remember::Crashes: what a loss of power leaves, and the batches written since.
    std::map<std::string, std::string, std::less<>> synced_;
    std::vector<WriteBatch> written_;
};

}  // namespace runnel::storage

// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace runnel::storage {
namespace {

using Content = std::map<std::string, std::string, std::less<>>;

// Applies a batch to a plain map.
struct ContentChanges {
    Content& content;

    void put(std::string_view key, std::string_view value) const { content.insert_or_assign(std::string(key), value); }
    void erase(std::string_view key) const {
        if (const auto found = content.find(key); found != content.end()) content.erase(found);
    }
    void erase_range(std::string_view begin, std::string_view end) const {
        content.erase(content.lower_bound(begin), content.lower_bound(end));
    }
};

}  // namespace

struct MemoryStore::Applier {
    MemoryStore& store;

    void put(std::string_view key, std::string_view value) const { store.change(key, std::string(value)); }
    void erase(std::string_view key) const { store.change(key, std::nullopt); }
    void erase_range(std::string_view begin, std::string_view end) const { store.change_range(begin, end); }
};

// Finds its place again by key at each step, so that it holds no lock in between.
class MemoryStore::SnapshotCursor final : public Cursor {
public:
    SnapshotCursor(MemoryStore& store, Sequence snapshot, std::string_view begin, std::string_view end, bool reverse)
        : store_(store), snapshot_(snapshot), begin_(begin), end_(end), reverse_(reverse) {}
    SnapshotCursor(const SnapshotCursor&) = delete;
    SnapshotCursor& operator=(const SnapshotCursor&) = delete;
    ~SnapshotCursor() override {
        const std::lock_guard lock(store_.mutex_);
        store_.release(snapshot_);
    }

    bool valid() const override { return valid_; }
    std::string_view key() const override { return key_; }
    std::string_view value() const override { return value_; }
    void next() override {
        const std::lock_guard lock(store_.mutex_);
        const Map& map = store_.map_;
        valid_ = reverse_ ? take_last_before(map.lower_bound(key_)) : take_first_from(map.upper_bound(key_));
    }
    Outcome outcome() const override { return {}; }

    // With the lock of the store held.
    void start() {
        const Map& map = store_.map_;
        if (!reverse_) {
            valid_ = take_first_from(map.lower_bound(begin_));
        } else {
            valid_ = take_last_before(end_.empty() ? map.end() : map.lower_bound(end_));
        }
    }

private:
    bool take_first_from(Map::const_iterator at) {
        for (; at != store_.map_.end() && (end_.empty() || at->first < end_); ++at) {
            if (take(*at)) return true;
        }
        return false;
    }
    bool take_last_before(Map::const_iterator at) {
        while (at != store_.map_.begin()) {
            --at;
            if (at->first < begin_) return false;
            if (take(*at)) return true;
        }
        return false;
    }
    bool take(const Map::value_type& entry) {
        const std::string* seen = visible(entry.second, snapshot_);
        if (seen == nullptr) return false;
        key_ = entry.first;
        value_ = *seen;
        return true;
    }

    MemoryStore& store_;
    const Sequence snapshot_;
    const std::string begin_;
    const std::string end_;
    const bool reverse_;
    bool valid_ = false;
    std::string key_;
    std::string value_;
};

const std::string* MemoryStore::visible(const Versions& versions, Sequence at) {
    const auto newer = std::find_if(versions.begin(), versions.end(), [&](const Version& v) { return v.since > at; });
    if (newer == versions.begin()) return nullptr;
    const auto& value = std::prev(newer)->value;
    return value ? &*value : nullptr;
}

void MemoryStore::change(std::string_view key, std::optional<std::string> value) {
    auto found = map_.find(key);
    if (found == map_.end()) {
        if (!value) return;
        found = map_.emplace(std::string(key), Versions{}).first;
    }
    Versions& versions = found->second;
    if (!versions.empty() && versions.back().value) size_ -= key.size() + versions.back().value->size();
    if (value) size_ += key.size() + value->size();
    if (!snapshots_.empty()) {
        const bool is_seen = !versions.empty() && versions.back().since <= *snapshots_.rbegin();
        if (!is_seen && !versions.empty()) versions.pop_back();
        versions.push_back({sequence_, std::move(value)});
        to_prune_.emplace(key);
    } else if (value) {
        versions.assign(1, {sequence_, std::move(value)});
    } else {
        map_.erase(found);
    }
}

void MemoryStore::change_range(std::string_view begin, std::string_view end) {
    for (auto at = map_.lower_bound(begin); at != map_.end() && at->first < end;) {
        const auto next = std::next(at);
        change(std::string(at->first), std::nullopt);
        at = next;
    }
}

void MemoryStore::release(Sequence snapshot) {
    snapshots_.erase(snapshots_.find(snapshot));
    if (!snapshots_.empty()) return;
    for (const std::string& key : to_prune_) {
        const auto found = map_.find(key);
        if (found == map_.end()) continue;
        if (!found->second.back().value) {
            map_.erase(found);
        } else if (found->second.size() > 1) {
            found->second.erase(found->second.begin(), std::prev(found->second.end()));
        }
    }
    to_prune_.clear();
}

std::optional<Outcome> MemoryStore::take_failure() {
    if (failures_left_ == 0) return std::nullopt;
    --failures_left_;
    return failure_;
}

Outcome MemoryStore::apply(const WriteBatch& batch, Durability durability) {
    const std::lock_guard lock(mutex_);
    if (const auto failure = take_failure()) return *failure;
    ++sequence_;
    ++applies_;
    batch.for_each(Applier{*this});
    if (remember_ == Remember::Crashes) remember(batch, durability);
    return {};
}

void MemoryStore::remember(const WriteBatch& batch, Durability durability) {
    if (durability == Durability::Memory) return;
    written_.push_back(batch);
    if (durability == Durability::Synced) settle_written(written_.size());
}

// The oldest of the written batches survive everything from now on.
void MemoryStore::settle_written(size_t count) {
    count = std::min(count, written_.size());
    const auto end = written_.begin() + static_cast<std::ptrdiff_t>(count);
    std::for_each(written_.begin(), end, [&](const WriteBatch& batch) { batch.for_each(ContentChanges{synced_}); });
    written_.erase(written_.begin(), end);
}

Outcome MemoryStore::sync() {
    const std::lock_guard lock(mutex_);
    if (const auto failure = take_failure()) return *failure;
    settle_written(written_.size());
    return {};
}

Outcome MemoryStore::flush() {
    const std::lock_guard lock(mutex_);
    if (remember_ == Remember::Nothing) return {};
    synced_.clear();
    for (const auto& [key, versions] : map_) {
        if (versions.back().value) synced_.emplace_hint(synced_.end(), key, *versions.back().value);
    }
    written_.clear();
    return {};
}

void MemoryStore::forget(Durability kept, size_t written_kept) {
    const std::lock_guard lock(mutex_);
    if (kept == Durability::Memory) return;
    settle_written(kept == Durability::Written ? written_.size() : written_kept);
    written_.clear();
    replace_by(synced_);
}

void MemoryStore::replace_by(const Content& content) {
    ++sequence_;
    for (auto at = map_.begin(); at != map_.end();) {
        const auto next = std::next(at);
        if (!content.contains(at->first)) change(std::string(at->first), std::nullopt);
        at = next;
    }
    for (const auto& [key, value] : content)
        change(key, value);
}

Outcome MemoryStore::get(std::string_view key, std::string& value, bool& found) {
    const std::lock_guard lock(mutex_);
    const auto entry = map_.find(key);
    const std::string* seen = entry == map_.end() ? nullptr : visible(entry->second, sequence_);
    found = seen != nullptr;
    if (found) value = *seen;
    return {};
}

std::unique_ptr<Cursor> MemoryStore::scan(std::string_view begin, std::string_view end, bool reverse) {
    const std::lock_guard lock(mutex_);
    snapshots_.insert(sequence_);
    auto cursor = std::make_unique<SnapshotCursor>(*this, sequence_, begin, end, reverse);
    cursor->start();
    return cursor;
}

Outcome MemoryStore::checkpoint(const std::string& directory) {
    return {Outcome::Kind::NotSupported,
            "cannot back up to " + directory + ": this store is in memory only, there are no files to copy"};
}

Outcome MemoryStore::compact_range(std::string_view, std::string_view) {
    return {};
}

uint64_t MemoryStore::size_bytes() const {
    const std::lock_guard lock(mutex_);
    return size_;
}

size_t MemoryStore::unsynced_batches() const {
    const std::lock_guard lock(mutex_);
    return written_.size();
}

std::string MemoryStore::statistics() {
    const std::lock_guard lock(mutex_);
    return "engine: memory\nkeys: " + std::to_string(map_.size()) + "\nbytes: " + std::to_string(size_) +
           "\nbatches applied: " + std::to_string(applies_) + "\ncursors: " + std::to_string(snapshots_.size()) + "\n";
}

void MemoryStore::fail_applies(uint64_t count, Outcome outcome) {
    const std::lock_guard lock(mutex_);
    failures_left_ = count;
    failure_ = std::move(outcome);
}

}  // namespace runnel::storage

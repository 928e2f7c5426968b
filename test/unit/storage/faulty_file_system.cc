// SPDX-License-Identifier: Apache-2.0
#include "test/unit/storage/faulty_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace runnel::storage {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr uint64_t kPage = 4096;

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    FaultyFile(std::string name, std::unique_ptr<rocksdb::FSWritableFile> file, FaultyFileSystem& system)
        : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), system_(system) {}

    IOStatus Append(const rocksdb::Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
        uint64_t allowed = bytes.size();
        const IOStatus verdict = system_.admit_append(name_, bytes.size(), allowed);
        if (allowed != 0) {
            const IOStatus status = target()->Append({bytes.data(), allowed}, options, debug);
            if (!status.ok()) return status;
            size_ += allowed;
            system_.appended(name_, size_);
        }
        return verdict;
    }
    IOStatus Append(const rocksdb::Slice& bytes, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                    IODebugContext* debug) override {
        return Append(bytes, options, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override { return sync(options, debug); }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return sync(options, debug); }
    // Starts to write and promises nothing.
    IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

private:
    // The real one is spared: what it would do is known.
    IOStatus sync(const IOOptions& options, IODebugContext* debug) {
        IOStatus verdict = system_.admit_sync(name_);
        if (verdict.ok()) verdict = target()->Flush(options, debug);
        if (verdict.ok()) system_.synced(name_, size_);
        return verdict;
    }

    const std::string name_;
    FaultyFileSystem& system_;
    uint64_t size_ = 0;
};

class FaultyDirectory final : public rocksdb::FSDirectory {
public:
    FaultyDirectory(std::string name, FaultyFileSystem& system) : name_(std::move(name)), system_(system) {}
    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        const IOStatus verdict = system_.admit_sync(name_);
        if (verdict.ok()) system_.synced_directory();
        return verdict;
    }

private:
    const std::string name_;
    FaultyFileSystem& system_;
};

// Some of the pages behind `begin` never reached the disk.
void spoil_pages(const std::string& name, uint64_t begin, FaultyFileSystem::Tail tail, Random& random) {
    std::fstream file(name, std::ios::binary | std::ios::in | std::ios::out);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    for (uint64_t page = begin; page < bytes.size(); page += kPage - page % kPage) {
        if (random.below(2) == 0) continue;
        const uint64_t end = std::min<uint64_t>(bytes.size(), page + kPage - page % kPage);
        for (uint64_t at = page; at < end; ++at)
            bytes[at] = tail == FaultyFileSystem::Tail::Zeroed ? '\0' : static_cast<char>(random.below(256));
    }
    file.clear();
    file.seekp(0);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

void FaultyFileSystem::freeze() {
    const std::lock_guard lock(mutex_);
    fault_ = Fault::Frozen;
    frozen_.notify_all();
}

void FaultyFileSystem::hold_tables() {
    const std::lock_guard lock(mutex_);
    holds_tables_ = true;
}

void FaultyFileSystem::fill_after(uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    fault_ = Fault::Full;
    space_left_ = bytes;
}

void FaultyFileSystem::fail_syncs() {
    const std::lock_guard lock(mutex_);
    fault_ = Fault::SyncFails;
}

void FaultyFileSystem::fail_appends() {
    const std::lock_guard lock(mutex_);
    fault_ = Fault::AppendFails;
}

void FaultyFileSystem::heal() {
    const std::lock_guard lock(mutex_);
    fault_ = Fault::None;
}

uint64_t FaultyFileSystem::failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
}

void FaultyFileSystem::lose_power(Tail tail, Random& random) {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, file] : files_) {
        if (!std::filesystem::exists(name)) continue;
        if (!file.is_name_synced) {
            std::filesystem::remove(name);
        } else if (file.synced == file.size) {
            continue;
        } else if (tail == Tail::Dropped) {
            std::filesystem::resize_file(name, file.synced);
        } else if (tail == Tail::Torn) {
            std::filesystem::resize_file(name, file.synced + random.below(file.size - file.synced + 1));
        } else {
            spoil_pages(name, file.synced, tail, random);
        }
    }
    files_.clear();
}

IOStatus FaultyFileSystem::refuse(const std::string& what, const std::string& name) {
    ++failures_;
    const std::string text = what + ": While writing: " + name;
    if (fault_ != Fault::Full) return IOStatus::IOError(text);
    IOStatus full = IOStatus::NoSpace(text);
    full.SetRetryable(true);  // As RocksDB's own file system does it.
    return full;
}

IOStatus FaultyFileSystem::admit_change(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (fault_ == Fault::Frozen) return refuse("the process is dead", name);
    if (fault_ == Fault::Full && space_left_ == 0) return refuse("No space left on device", name);
    return IOStatus::OK();
}

IOStatus FaultyFileSystem::admit_append(const std::string& name, uint64_t bytes, uint64_t& allowed) {
    const std::lock_guard lock(mutex_);
    allowed = 0;
    if (fault_ == Fault::Frozen) return refuse("the process is dead", name);
    if (fault_ == Fault::AppendFails) return refuse("Input/output error", name);
    allowed = fault_ == Fault::Full ? std::min(bytes, space_left_) : bytes;
    if (fault_ == Fault::Full) space_left_ -= allowed;
    return allowed == bytes ? IOStatus::OK() : refuse("No space left on device", name);
}

IOStatus FaultyFileSystem::admit_sync(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (fault_ == Fault::Frozen) return refuse("the process is dead", name);
    if (fault_ == Fault::SyncFails) return refuse("Input/output error", name);
    return IOStatus::OK();
}

void FaultyFileSystem::appended(const std::string& name, uint64_t size) {
    const std::lock_guard lock(mutex_);
    files_[name].size = size;
}

void FaultyFileSystem::synced(const std::string& name, uint64_t size) {
    const std::lock_guard lock(mutex_);
    files_[name].synced = size;
}

void FaultyFileSystem::synced_directory() {
    const std::lock_guard lock(mutex_);
    for (auto& [name, file] : files_)
        file.is_name_synced = true;
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    if (name.ends_with(".sst")) {
        std::unique_lock lock(mutex_);
        frozen_.wait(lock, [this] { return !holds_tables_ || fault_ == Fault::Frozen; });
    }
    if (IOStatus verdict = admit_change(name); !verdict.ok()) return verdict;
    std::unique_ptr<rocksdb::FSWritableFile> real;
    IOStatus status = target()->NewWritableFile(name, options, &real, debug);
    if (!status.ok()) return status;
    *file = std::make_unique<FaultyFile>(name, std::move(real), *this);
    const std::lock_guard lock(mutex_);
    files_[name] = {};
    return status;
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& name, const IOOptions&,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext*) {
    *directory = std::make_unique<FaultyDirectory>(name, *this);
    return IOStatus::OK();
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                      IODebugContext* debug) {
    if (IOStatus verdict = admit_change(from); !verdict.ok()) return verdict;
    IOStatus status = target()->RenameFile(from, to, options, debug);
    const std::lock_guard lock(mutex_);
    // A name that was there before stays, with the old contents or the new ones: the new ones, say.
    const auto old = files_.find(to);
    const bool is_name_synced = old == files_.end() || old->second.is_name_synced;
    auto moved = files_.extract(from);
    files_.erase(to);
    if (moved.empty()) return status;
    moved.key() = to;
    moved.mapped().is_name_synced = is_name_synced;
    files_.insert(std::move(moved));
    return status;
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
    if (IOStatus verdict = admit_change(name); !verdict.ok()) {
        // A full disk lets files be removed.
        const std::lock_guard lock(mutex_);
        if (fault_ == Fault::Frozen) return verdict;
    }
    const std::lock_guard lock(mutex_);
    files_.erase(name);
    return target()->DeleteFile(name, options, debug);
}

}  // namespace runnel::storage

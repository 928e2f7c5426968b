// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "broker/base/random.h"

namespace runnel::storage {

// RocksDB's file system on the real one, but for what disks do to people: writes and syncs that fail, wholly or after a
// part, and a loss of power that takes what was not synced. It knows of each file how much of it was synced, and of
// each new name whether its directory was.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
public:
    // What a loss of power leaves of the bytes that were not synced.
    enum class Tail : uint8_t {
        Dropped,
        Torn,     // Some of the first ones.
        Zeroed,   // Some pages; the others are zero.
        Garbled,  // Some pages; the others hold something else.
    };

    FaultyFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    const char* Name() const override { return "FaultyFileSystem"; }

    // From now on, nothing changes on disk any more: the process is as good as dead.
    void freeze();
    // After freeze() and once the store is gone: the disk as it is when the power comes back.
    void lose_power(Tail tail, Random& random);

    // Once `bytes` more have been appended, nothing can be appended or created any more; the append that comes to the
    // limit leaves its first part.
    void fill_after(uint64_t bytes);
    // Every sync fails, with what was appended in the file all the same.
    void fail_syncs();
    // Every append fails as if the disk had gone away.
    void fail_appends();
    // No table is begun until freeze(), as if the disk were slow.
    void hold_tables();
    void heal();
    uint64_t failures();

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                   std::unique_ptr<rocksdb::FSDirectory>* directory,
                                   rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;

    // For its files: what may happen to an append of so many bytes. `allowed` may be less.
    rocksdb::IOStatus admit_append(const std::string& name, uint64_t bytes, uint64_t& allowed);
    rocksdb::IOStatus admit_sync(const std::string& name);
    void appended(const std::string& name, uint64_t size);
    void synced(const std::string& name, uint64_t size);
    void synced_directory();

private:
    enum class Fault : uint8_t { None, Frozen, Full, SyncFails, AppendFails };
    struct File {
        uint64_t size = 0;
        uint64_t synced = 0;
        bool is_name_synced = false;
    };

    rocksdb::IOStatus admit_change(const std::string& name);
    rocksdb::IOStatus refuse(const std::string& what, const std::string& name);

    std::mutex mutex_;
    std::condition_variable frozen_;
    bool holds_tables_ = false;
    Fault fault_ = Fault::None;
    uint64_t space_left_ = UINT64_MAX;
    uint64_t failures_ = 0;
    std::map<std::string, File> files_;
};

}  // namespace runnel::storage

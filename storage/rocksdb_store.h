// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/store.h"

namespace runnel::storage {

// The defaults keep a broker small: what is in memory is bounded by the cache and by the write buffers, which fill only
// under load.
struct RocksDbOptions {
    uint64_t max_bytes = UINT64_MAX;  // Budget on disk: see Store::is_over_budget().
    size_t block_cache_bytes = 8 << 20;
    size_t write_buffer_bytes = 8 << 20;  // A message that lives shorter than this many bytes never leaves the log.
    int write_buffers_max = 3;
    int background_threads = 2;
};

struct OpenedStore {
    std::unique_ptr<Store> store;  // Null if the outcome is a failure.
    Outcome outcome;
    std::string set_aside;  // Where a damaged store has gone, or empty.
    std::string report;     // What was wrong with that one and how a repair can be tried.
};

// The store in this directory, which is created if need be. Fails with Damaged rather than to lose something synced; a
// torn end of the write-ahead log is no damage. One process at a time.
OpenedStore open_rocksdb(const std::string& path, const RocksDbOptions& options);

// A damaged store is renamed to PATH.damaged-STAMP and an empty one takes its place; any other failure stays one.
// `stamp`: the time as YYYYMMDD-HHMMSS.
OpenedStore open_rocksdb_or_set_aside(const std::string& path, const RocksDbOptions& options, std::string_view stamp);

// While it lives nobody can open the store, not even after its directory got another name.
using StoreLock = std::shared_ptr<void>;
// InUse if a process has the store open. There must be a directory.
Outcome lock_store(const std::string& path, StoreLock& lock);

// Reads everything and changes nothing. The report names what was found. The store must not be open.
Outcome check_rocksdb(const std::string& path, std::string& report);

// Makes a store out of whatever can still be read; some of it may be older than what was lost, and what had been erased
// may be back. Nothing is thrown away: what cannot be read goes to PATH/lost. The store must not be open.
Outcome repair_rocksdb(const std::string& path, std::string& report);

}  // namespace runnel::storage

// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <cstdarg>
#include <memory>
#include <utility>

#include "storage/library_log.h"

namespace runnel::storage {
namespace {

rocksdb::BlockBasedTableOptions table_options(const RocksDbOptions& options) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 2);
    table.block_size = 8 << 10;
    // So that the cache bounds them too.
    table.cache_index_and_filter_blocks = true;
    table.format_version = 5;
    return table;
}

// Warnings and errors; what the library says of itself at every opening is hundreds of lines.
class LogOfLibrary final : public rocksdb::Logger {
public:
    explicit LogOfLibrary(std::string path) : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(std::move(path)) {}
    using Logger::Logv;
    void Logv(const char* format, va_list arguments) override { log_.write(format, arguments); }
    void LogHeader(const char*, va_list) override {}

private:
    const LibraryLog log_;
};

}  // namespace

rocksdb::Options library_options(const std::string& path, const RocksDbOptions& ours) {
    rocksdb::Options options;
    options.info_log = std::make_shared<LogOfLibrary>(path + "/LOG");
    options.create_if_missing = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(ours)));
    options.compression = rocksdb::kLZ4Compression;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;  // See write_ahead_log_scan.h.
    // Memory.
    options.write_buffer_size = ours.write_buffer_bytes;
    options.max_write_buffer_number = ours.write_buffers_max;
    options.arena_block_size = std::min<size_t>(256 << 10, ours.write_buffer_bytes / 8);
    options.max_background_jobs = ours.background_threads;
    options.max_file_opening_threads = 1;
    // One thread writes.
    options.allow_concurrent_memtable_write = false;
    options.enable_write_thread_adaptive_yield = false;
    // Messages live short: what was erased shall not wait for its level to fill. Old files are compacted within the
    // hour, and those that consist of erasures at once.
    options.level_compaction_dynamic_level_bytes = true;
    options.max_bytes_for_level_base = 32 << 20;
    options.target_file_size_base = 16 << 20;
    options.target_file_size_multiplier = 2;
    options.ttl = 3600;
    options.max_open_files = -1;  // ttl needs it; and a missing or cut file is noticed when the store is opened.
    options.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048, 0.5));
    // Large files reach the disk bit by bit, so that a sync of the log does not wait for all of it.
    options.bytes_per_sync = 1 << 20;
    // What is beside the store in its directory stays small.
    options.max_manifest_file_size = 1 << 20;
    options.manifest_preallocation_size = 64 << 10;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    // Who tries again is us: apply().
    options.max_bgerror_resume_count = 0;
    return options;
}

}  // namespace runnel::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>

#include <string>

#include "storage/rocksdb_store.h"

namespace runnel::storage {

// How RocksDB is used for the store at `path`.
rocksdb::Options library_options(const std::string& path, const RocksDbOptions& ours);

}  // namespace runnel::storage

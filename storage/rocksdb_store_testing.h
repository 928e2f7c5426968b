// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "storage/rocksdb_store.h"

namespace rocksdb {
class FileSystem;
}

namespace runnel::storage {

// For tests: on a file system that does what disks do at their worst. Its files are at the same paths of the real one.
OpenedStore open_rocksdb_on(const std::string& path, const RocksDbOptions& options,
                            std::shared_ptr<rocksdb::FileSystem> file_system);

}  // namespace runnel::storage

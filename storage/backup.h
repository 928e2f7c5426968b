// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/store.h"

namespace runnel::storage {

// A backup is a directory with a copy of the store in it and a file RUNNEL-BACKUP, which is written last: where it is
// missing, the backup was not finished.

// Whether one may be made there: where nothing is, or an empty directory.
bool is_free_for_backup(const std::string& directory);

// Makes one of the store as it is now; writes go on meanwhile. After a failure the directory is as it was before.
// `label`: one line about who made it and when.
Outcome make_backup(Store& store, const std::string& directory, std::string_view label);

enum class Replace : uint8_t { Nothing, SetAside };
struct Restored {
    Outcome outcome;
    std::string report;     // Who made the backup, and what it holds.
    std::string set_aside;  // Where the store is that was there.
};
// Puts a copy of the backup, which is checked first, in the place of the store, which must not be open. A store that is
// there is renamed to PATH.before-restore-STAMP, or, if nothing shall be replaced, is a failure. The backup stays as it
// is.
Restored restore_backup(const std::string& directory, const std::string& store_path, std::string_view stamp,
                        Replace replace);

}  // namespace runnel::storage

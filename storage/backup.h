// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "storage/store.h"

namespace runnel::storage {

// A backup is a directory with a copy of the store in it and a file RUNNEL-BACKUP, which is written last: where it is
// missing, the backup was not finished.

// Makes one of the store as it is now; writes go on meanwhile. The directory must not exist, and is gone again after a
// failure. `label`: one line about who made it and when.
Outcome make_backup(Store& store, const std::string& directory, std::string_view label);

// Reads all of it and changes nothing. The report says what it holds and who made it.
Outcome check_backup(const std::string& directory, std::string& report);

// Puts a copy of the backup in the place of the store, which must not be open. The one that was there, if any, is
// renamed to PATH.before-restore-STAMP, which `set_aside` tells. The backup stays as it is.
Outcome restore_backup(const std::string& directory, const std::string& store_path, std::string_view stamp,
                       std::string& set_aside);

}  // namespace runnel::storage

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/outcome.h"

namespace runnel::storage {

// The directory of a store, as files. None of this looks into them.

// Creates it, and what is above it. What it will hold is nobody's business but the broker's: a new one has mode 0700.
Outcome create_store_directory(const std::string& path);
// Whether it holds files of a store but not the one that says which of them count: opening it would start an empty
// store and remove them all.
bool has_lost_its_beginning(const std::string& path);
// What its files take up, files that appear or vanish meanwhile left aside.
uint64_t directory_bytes(const std::string& path);
// Renames it to PATH.WHY-STAMP, with a number behind if there is one of that name. Answers the new name.
Outcome set_directory_aside(const std::string& path, std::string_view why, std::string_view stamp,
                            std::string& new_path);
// So that a name that was changed in it survives a loss of power.
Outcome sync_directory(const std::string& path);
// Removes a file of it, and cuts one to a size, so that neither comes back after a loss of power.
Outcome remove_file(const std::string& directory, const std::string& path);
Outcome cut_file(const std::string& path, uint64_t size);
// The kind of failure that a text with errno's words in it tells.
Outcome::Kind kind_of_failure(std::string_view text);

}  // namespace runnel::storage

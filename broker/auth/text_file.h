// SPDX-License-Identifier: Apache-2.0
// Small files of people: configurations and password files.
#pragma once

#include <string>
#include <string_view>

#include "broker/base/result.h"

namespace runnel::auth {

inline constexpr size_t kTextFileSizeMax = 64u << 20;

struct FileError {
    std::string what;  // "cannot open it: Permission denied"
};

// The whole text of a regular file; an error for anything else, so that a FIFO cannot hold up the start.
Result<std::string, FileError> read_text_file(const std::string& path);

}  // namespace runnel::auth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdarg>
#include <cstddef>
#include <string>
#include <utility>

namespace runnel::storage {

// What a library has to say beside its answers: lines with the time, appended to a file. One that cannot be written is
// dropped; the log that RocksDB brings stops the process with an assertion if the disk is full, just when it has to say
// so. Of more than a mebibyte the file becomes PATH.old. Thread-safe.
class LibraryLog {
public:
    explicit LibraryLog(std::string path) : path_(std::move(path)) {}
    // As vprintf().
    void write(const char* format, va_list arguments) const;

private:
    void append(const char* line, size_t size) const;

    const std::string path_;
};

}  // namespace runnel::storage

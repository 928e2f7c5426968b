// SPDX-License-Identifier: Apache-2.0
#include "storage/library_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace runnel::storage {
namespace {

constexpr off_t kFileMax = 1 << 20;
constexpr size_t kLineMax = 4096;

size_t write_time(char* to, size_t size) {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    return std::strftime(to, size, "%Y-%m-%dT%H:%M:%SZ ", &utc);
}

}  // namespace

void LibraryLog::write(const char* format, va_list arguments) const {
    std::array<char, kLineMax> line{};
    const size_t time = write_time(line.data(), line.size());
    const int wanted = std::vsnprintf(line.data() + time, line.size() - time - 1, format, arguments);
    if (wanted < 0) return;
    size_t size = std::min(time + static_cast<size_t>(wanted), line.size() - 2);
    if (line.at(size - 1) != '\n') line.at(size++) = '\n';
    append(line.data(), size);
}

// One write for a line, so that those of several threads do not mix. They are rare: the file is open for one only.
void LibraryLog::append(const char* line, size_t size) const {
    struct stat about {};
    if (stat(path_.c_str(), &about) == 0 && about.st_size > kFileMax)
        (void)std::rename(path_.c_str(), (path_ + ".old").c_str());
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t written = ::write(file, line, size);
    ::close(file);
}

}  // namespace runnel::storage

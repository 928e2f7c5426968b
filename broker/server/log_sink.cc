// SPDX-License-Identifier: Apache-2.0
#include "broker/server/log_sink.h"

#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "broker/server/log_line.h"

namespace runnel::server {
namespace {

int64_t unix_ms_now() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<int64_t>(now.tv_sec) * 1'000 + now.tv_nsec / 1'000'000;
}

}  // namespace

DescriptorLog::DescriptorLog(int descriptor, const LogConfig& config)
    : descriptor_(descriptor), level_(config.level), format_(config.format) {}

void DescriptorLog::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
    const bool json = format_.load(std::memory_order_relaxed) == LogFormat::Json;
    using Format = std::string(int64_t, LogLevel, std::string_view, std::span<const LogField>);
    Format* const format_line = json ? static_cast<Format*>(format_json_line) : static_cast<Format*>(format_text_line);
    write_line(format_line(unix_ms_now(), level, message, fields));
}

void DescriptorLog::configure(const LogConfig& config) {
    level_.store(config.level, std::memory_order_relaxed);
    format_.store(config.format, std::memory_order_relaxed);
}

// A line fits into PIPE_BUF, so a pipe takes it whole or not at all; only a file on a full disk takes a part.
void DescriptorLog::write_line(std::string_view line) {
    ssize_t written = -1;
    do {
        written = ::write(descriptor_, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written != static_cast<ssize_t>(line.size())) lines_lost_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace runnel::server

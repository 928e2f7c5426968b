// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <span>

#include "broker/base/log.h"
#include "broker/server/config.h"

namespace runnel::server {

// Writes lines to a descriptor, each with one write(2), so that lines of several threads do not mix. Any thread; holds
// no lock. A line that the descriptor does not take at once (a full pipe that does not block) is lost and counted.
class DescriptorLog final : public LogSink {
public:
    // The descriptor stays open as long as this lives; 2 is standard error.
    DescriptorLog(int descriptor, const LogConfig& config);

    void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override;
    LogLevel level() const override { return level_.load(std::memory_order_relaxed); }

    // For a reload.
    void configure(const LogConfig& config);
    uint64_t lines_lost() const { return lines_lost_.load(std::memory_order_relaxed); }

private:
    void write_line(std::string_view line);

    int descriptor_;
    std::atomic<LogLevel> level_;
    std::atomic<LogFormat> format_;
    std::atomic<uint64_t> lines_lost_{0};
};

}  // namespace runnel::server

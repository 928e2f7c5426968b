// SPDX-License-Identifier: Apache-2.0
// What the kernel says another process, the broker, has used.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace runnel::ctl {

struct ProcessUsage {
    double cpu_seconds = 0;  // User and system time of the whole process.
    uint64_t resident_bytes = 0;
};

// Nothing if there is no such process.
std::optional<ProcessUsage> read_process_usage(pid_t pid);

// Resident pages in the text of /proc/PID/statm.
std::optional<uint64_t> resident_pages_of(std::string_view statm);

}  // namespace runnel::ctl

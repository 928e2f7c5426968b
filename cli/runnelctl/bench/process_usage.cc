// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/process_usage.h"

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

namespace runnel::ctl {

namespace {

std::string proc_file(pid_t pid, const char* name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::optional<uint64_t> resident_pages_of(std::string_view statm) {
    const size_t blank = statm.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const char* const second = statm.data() + blank + 1;
    uint64_t pages = 0;
    if (std::from_chars(second, statm.data() + statm.size(), pages).ec != std::errc{}) return std::nullopt;
    return pages;
}

std::optional<ProcessUsage> read_process_usage(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    // The same that /proc/PID/stat adds up, in nanoseconds instead of hundredths of a second.
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return std::nullopt;
    const auto pages = resident_pages_of(proc_file(pid, "statm"));
    if (!pages) return std::nullopt;
    return ProcessUsage{static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9,
                        *pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))};
}

}  // namespace runnel::ctl

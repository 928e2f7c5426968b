// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/clock.h"

#include <cstdio>

namespace runnel::ctl {

Time monotonic_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return {now.tv_sec * 1000 + now.tv_nsec / 1'000'000};
}

timespec wall_now() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

std::string clock_text(const char* format, const timespec& at) {
    tm parts{};
    localtime_r(&at.tv_sec, &parts);
    char text[256];
    return {text, strftime(text, sizeof text, format, &parts)};
}

std::string nanoseconds_text(const timespec& at) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%09ld", at.tv_nsec);
    return digits;
}

}  // namespace runnel::ctl

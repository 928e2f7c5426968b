// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/progress.h"

#include <unistd.h>

#include <cstdio>

namespace runnel::ctl {

Progress::Progress(bool wanted) : is_shown_(wanted && isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    clear();
}

void Progress::show(uint64_t now_ns, const std::string& line) {
    if (!is_shown_) return;
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    is_dirty_ = true;
    next_ns_ = now_ns + 1'000'000'000;
}

void Progress::clear() {
    if (is_dirty_) std::fputs("\r\033[K", stderr);
    is_dirty_ = false;
}

std::string grouped(uint64_t number) {
    std::string text = std::to_string(number);
    for (size_t at = text.size(); at > 3;)
        text.insert(at -= 3, ",");
    return text;
}

}  // namespace runnel::ctl

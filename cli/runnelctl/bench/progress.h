// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace runnel::ctl {

// One line on a terminal (standard error) that is written over once a second. Silent where there is no terminal.
class Progress {
public:
    explicit Progress(bool wanted);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Whether a second has passed since the line was last shown.
    bool is_due(uint64_t now_ns) const { return is_shown_ && now_ns >= next_ns_; }
    void show(uint64_t now_ns, const std::string& line);
    void clear();

private:
    bool is_shown_;
    bool is_dirty_ = false;
    uint64_t next_ns_ = 0;
};

// "1,234,567".
std::string grouped(uint64_t number);

}  // namespace runnel::ctl

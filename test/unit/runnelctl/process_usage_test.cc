// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/process_usage.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <ctime>
#include <vector>

using namespace runnel::ctl;

TEST_CASE("resident pages are the second field of statm") {
    CHECK(resident_pages_of("2500 731 600 20 0 400 0\n") == 731);
    CHECK(!resident_pages_of(""));
    CHECK(!resident_pages_of("2500"));
    CHECK(!resident_pages_of("2500 x"));
}

TEST_CASE("this process uses processor time and memory") {
    const auto before = read_process_usage(getpid());
    REQUIRE(before);
    CHECK(before->resident_bytes > 100'000);
    while (std::clock() < static_cast<std::clock_t>((before->cpu_seconds + 0.02) * CLOCKS_PER_SEC)) {
    }
    const std::vector<char> memory(32 << 20, 'x');
    const auto after = read_process_usage(getpid());
    REQUIRE(after);
    CHECK(after->cpu_seconds >= before->cpu_seconds + 0.02);
    CHECK(after->resident_bytes >= before->resident_bytes + memory.size() / 2);
}

TEST_CASE("there is no usage of a process that does not exist") {
    CHECK(!read_process_usage(0x7FFFFFF0));
}

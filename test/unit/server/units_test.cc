// SPDX-License-Identifier: Apache-2.0
#include "broker/server/units.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::server {

TEST_CASE("units: durations, both ways") {
    const std::pair<std::string, int64_t> rows[] = {
        {"0s", 0},       {"1ms", 1},        {"250ms", 250},      {"1s", 1'000},           {"10s", 10'000},
        {"90s", 90'000}, {"5m", 300'000},   {"61m", 3'660'000},  {"2h", 7'200'000},       {"7d", 604'800'000},
        {"999ms", 999},  {"1001ms", 1'001}, {"25h", 90'000'000}, {"100d", 8'640'000'000},
    };
    for (const auto& row : rows) {
        const auto& text = row.first;
        const auto& ms = row.second;
        CAPTURE(text);
        CHECK(parse_duration(text) == ms);
        CHECK(format_duration(ms) == text);
    }
    CHECK(parse_duration("0ms") == 0);
    CHECK(parse_duration("60s") == 60'000);
    CHECK(format_duration(60'000) == "1m");
    CHECK(parse_duration("007s") == 7'000);
}

TEST_CASE("units: what is no duration") {
    for (const std::string text : {"",
                                   "10",
                                   "s",
                                   "-1s",
                                   "+1s",
                                   "1.5s",
                                   "1 s",
                                   " 1s",
                                   "1s ",
                                   "1S",
                                   "1min",
                                   "1h30m",
                                   "1w",
                                   "1us",
                                   "0x1s",
                                   "1e3s",
                                   "99999999999999999999s",
                                   "104249992d",
                                   "9007199254740993ms",
                                   "\xd9\xa1s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text).has_value());
    }
}

TEST_CASE("units: sizes, both ways") {
    const std::pair<std::string, int64_t> rows[] = {
        {"0B", 0},
        {"1B", 1},
        {"100B", 100},
        {"1023B", 1'023},
        {"1KiB", 1'024},
        {"512KiB", 524'288},
        {"64MiB", 67'108'864},
        {"1GiB", 1 << 30},
        {"3TiB", 3LL << 40},
        {"1025KiB", 1'049'600},
    };
    for (const auto& row : rows) {
        const auto& text = row.first;
        const auto& bytes = row.second;
        CAPTURE(text);
        CHECK(parse_size(text) == bytes);
        CHECK(format_size(bytes) == text);
    }
    CHECK(parse_size("10kB") == 10'000);
    CHECK(parse_size("1MB") == 1'000'000);
    CHECK(parse_size("2GB") == 2'000'000'000);
    CHECK(parse_size("1TB") == 1'000'000'000'000);
}

TEST_CASE("units: what is no size") {
    for (const std::string text : {"", "10", "B", "-1B", "1.5MiB", "1 MiB", "1M", "1K", "1mib", "1KB", "1kib", "1PiB",
                                   "8193TiB", "99999999999999999999B"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_size(text).has_value());
    }
}

}  // namespace runnel::server

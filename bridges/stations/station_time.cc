// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station_time.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "broker/base/date_time.h"

namespace runnel::stations {
namespace {

constexpr int64_t kSecondsBelow = 100'000'000'000;  // More are milliseconds: from 1973 on.
constexpr int64_t kMsBelow = 253'402'300'800'000;   // The year 10000.

std::optional<int64_t> parse_count(std::string_view text) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 0 || count >= kMsBelow) return std::nullopt;
    return count < kSecondsBelow ? count * 1000 : count;
}

// "2025-5-8 6:0:56"
std::optional<int64_t> parse_loose(std::string_view text) {
    constexpr std::string_view kSeparators = "-- ::";
    std::array<unsigned, 6> parts{};
    for (size_t i = 0; i < parts.size(); ++i) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
        const auto size = static_cast<size_t>(end - text.data());
        if (error != std::errc() || size > 4) return std::nullopt;
        text.remove_prefix(size);
        if (i == kSeparators.size()) break;
        if (text.empty() || text.front() != kSeparators[i]) return std::nullopt;
        text.remove_prefix(1);
    }
    if (!text.empty()) return std::nullopt;
    char whole[64];
    std::snprintf(whole, sizeof whole, "%04u-%02u-%02uT%02u:%02u:%02uZ", parts[0], parts[1], parts[2], parts[3],
                  parts[4], parts[5]);
    return parse_date_time(whole);
}

}  // namespace

std::optional<int64_t> parse_station_time(std::string_view text, int64_t now_ms) {
    if (text == "now") return now_ms;
    if (const auto moment = parse_date_time(text)) return moment;
    if (const auto moment = parse_loose(text)) return moment;
    return parse_count(text);
}

}  // namespace runnel::stations

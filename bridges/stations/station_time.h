// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace runnel::stations {

// The moment that a device names, in UTC and milliseconds since 1970: "now" (which is `now_ms`), RFC 3339,
// "2025-05-08 16:00:56" also without leading zeros, or seconds or milliseconds since 1970. Nothing for any other text.
std::optional<int64_t> parse_station_time(std::string_view text, int64_t now_ms);

}  // namespace runnel::stations

// SPDX-License-Identifier: Apache-2.0
// Moments of the wall clock as text (RFC 3339), in milliseconds since 1970-01-01T00:00:00Z. Reads no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runnel {

// "2024-02-29T12:00:00Z", with a fraction and an offset if wanted; further digits than milliseconds are cut off. A leap
// second counts as the last millisecond of its minute. Nothing for any other text.
std::optional<int64_t> parse_date_time(std::string_view text);

// In UTC with milliseconds: "2024-02-29T12:00:00.250Z". For years from 0 to 9999.
std::string format_date_time(int64_t wall_ms);

// "250ms", "10s", "5m", "2h", "7d": a whole number and a unit. Milliseconds; nothing for any other text or above 2^53.
std::optional<int64_t> parse_duration(std::string_view text);

}  // namespace runnel

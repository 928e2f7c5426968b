// SPDX-License-Identifier: Apache-2.0
// Durations and sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runnel::server {

// "250ms", "10s", "5m", "2h", "7d": a whole number and a unit. Milliseconds; nothing for any other text or above 2^53.
std::optional<int64_t> parse_duration(std::string_view text);
// In the largest unit that needs no fraction; zero is "0s".
std::string format_duration(int64_t ms);

// "64MiB", "512KiB", "10kB", "100B": a whole number and a unit. Bytes; nothing for any other text or above 2^53.
std::optional<int64_t> parse_size(std::string_view text);
// In the largest binary unit that needs no fraction: "64MiB", "100B".
std::string format_size(int64_t bytes);

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#include "broker/server/units.h"

#include <array>
#include <charconv>
#include <span>

#include "broker/base/date_time.h"

namespace runnel::server {
namespace {

struct Unit {
    std::string_view name;
    int64_t size;
};

// From small to large.
constexpr std::array kDurationUnits{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                                    Unit{"d", 86'400'000}};
constexpr std::array kBinaryUnits{Unit{"B", 1}, Unit{"KiB", 1 << 10}, Unit{"MiB", 1 << 20}, Unit{"GiB", 1 << 30},
                                  Unit{"TiB", 1LL << 40}};
constexpr std::array kDecimalUnits{Unit{"kB", 1'000}, Unit{"MB", 1'000'000}, Unit{"GB", 1'000'000'000},
                                   Unit{"TB", 1'000'000'000'000}};
constexpr int64_t kValueMax = 1LL << 53;

std::optional<int64_t> parse_in(std::span<const Unit> units, std::string_view text) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0) return std::nullopt;
    const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
    for (const Unit& unit : units)
        if (unit.name == name) return count <= kValueMax / unit.size ? std::optional(count * unit.size) : std::nullopt;
    return std::nullopt;
}

std::string format_in(std::span<const Unit> units, int64_t value) {
    const Unit* best = &units.front();
    for (const Unit& unit : units)
        if (value % unit.size == 0) best = &unit;
    return std::to_string(value / best->size).append(best->name);
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
    return runnel::parse_duration(text);
}

std::string format_duration(int64_t ms) {
    return ms == 0 ? "0s" : format_in(kDurationUnits, ms);
}

std::optional<int64_t> parse_size(std::string_view text) {
    const auto binary = parse_in(kBinaryUnits, text);
    return binary ? binary : parse_in(kDecimalUnits, text);
}

std::string format_size(int64_t bytes) {
    return bytes == 0 ? "0B" : format_in(kBinaryUnits, bytes);
}

}  // namespace runnel::server

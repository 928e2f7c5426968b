// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace runnel {

// A span of time in milliseconds.
struct Duration {
    int64_t ms = 0;
    friend auto operator<=>(const Duration&, const Duration&) = default;
    static constexpr Duration seconds(int64_t s) { return {s * 1000}; }
};

// A moment of the monotonic clock, in milliseconds since an arbitrary start. Given to the core, never fetched by it.
struct Time {
    int64_t ms = 0;
    friend auto operator<=>(const Time&, const Time&) = default;
    friend constexpr Time operator+(Time t, Duration d) { return {t.ms + d.ms}; }
    friend constexpr Time operator-(Time t, Duration d) { return {t.ms - d.ms}; }
    friend constexpr Duration operator-(Time a, Time b) { return {a.ms - b.ms}; }
    static constexpr Time never() { return {INT64_MAX}; }
};

}  // namespace runnel

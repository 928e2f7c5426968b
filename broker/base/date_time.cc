// SPDX-License-Identifier: Apache-2.0
#include "broker/base/date_time.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace runnel {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kEarliest = -62'167'219'200'000;  // 0000-01-01T00:00:00Z
constexpr int64_t kLatest = 253'402'300'799'999;    // 9999-12-31T23:59:59.999Z

struct Date {
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
};

// Days since 1970-01-01 in the Gregorian calendar. Years begin with March, so that the leap day is their last.
int64_t days_of(Date date) {
    const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

Date date_of(int64_t days) {
    const int64_t shifted = days + 719'468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
    const int64_t day_of_era = shifted - era * 146'097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return {year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

int64_t days_in_month(int64_t year, int64_t month) {
    const Date next = month == 12 ? Date{year + 1, 1, 1} : Date{year, month + 1, 1};
    return days_of(next) - days_of({year, month, 1});
}

// Takes the parts of a text from its front. What does not fit makes it fail.
class Parts {
public:
    explicit Parts(std::string_view text) : rest_(text) {}

    int64_t digits(size_t count, int64_t min, int64_t max) {
        int64_t value = 0;
        for (size_t i = 0; i < count; ++i) {
            if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return fail();
            value = value * 10 + (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return value < min || value > max ? fail() : value;
    }
    // One of these characters; 0 if it is none of them.
    char one_of(std::string_view characters) {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
            fail();
            return 0;
        }
        const char found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }
    bool skip(char character) {
        const bool found = !rest_.empty() && rest_.front() == character;
        if (found) rest_.remove_prefix(1);
        return found;
    }
    // At least one digit; the first three count.
    int64_t milliseconds() {
        int64_t value = 0;
        size_t count = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++count)
            if (count < 3) value = value * 10 + (rest_.front() - '0');
        for (size_t i = count; i < 3; ++i)
            value *= 10;
        return count == 0 ? fail() : value;
    }
    bool complete() const { return !failed_ && rest_.empty(); }

private:
    int64_t fail() {
        failed_ = true;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool failed_ = false;
};

// East of Greenwich.
int64_t offset_ms(Parts& parts) {
    const char sign = parts.one_of("Zz+-");
    if (sign != '+' && sign != '-') return 0;
    const int64_t hours = parts.digits(2, 0, 23);
    parts.one_of(":");
    const int64_t minutes = parts.digits(2, 0, 59);
    return (sign == '+' ? 1 : -1) * (hours * 60 + minutes) * 60'000;
}

}  // namespace

std::optional<int64_t> parse_date_time(std::string_view text) {
    Parts parts(text);
    Date date;
    date.year = parts.digits(4, 0, 9999);
    parts.one_of("-");
    date.month = parts.digits(2, 1, 12);
    parts.one_of("-");
    date.day = parts.digits(2, 1, 31);
    parts.one_of("Tt ");
    const int64_t hour = parts.digits(2, 0, 23);
    parts.one_of(":");
    const int64_t minute = parts.digits(2, 0, 59);
    parts.one_of(":");
    const int64_t second = parts.digits(2, 0, 60);
    const int64_t fraction = parts.skip('.') ? parts.milliseconds() : 0;
    const int64_t offset = offset_ms(parts);
    if (!parts.complete() || date.day > days_in_month(date.year, date.month)) return std::nullopt;
    const int64_t in_minute = std::min<int64_t>(second * 1'000 + fraction, 59'999);
    return days_of(date) * kDayMs + (hour * 60 + minute) * 60'000 + in_minute - offset;
}

std::string format_date_time(int64_t wall_ms) {
    const int64_t ms = std::clamp(wall_ms, kEarliest, kLatest);
    const int64_t days = (ms >= 0 ? ms : ms - (kDayMs - 1)) / kDayMs;
    const Date date = date_of(days);
    const auto in_day = static_cast<int>(ms - days * kDayMs);
    char text[96];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year),
                  static_cast<int>(date.month), static_cast<int>(date.day), in_day / 3'600'000, in_day / 60'000 % 60,
                  in_day / 1'000 % 60, in_day % 1'000);
    return text;
}

std::optional<int64_t> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        int64_t ms;
    };
    constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", kDayMs}};
    constexpr int64_t kMsMax = 1LL << 53;
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0) return std::nullopt;
    const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
    for (const Unit& unit : kUnits)
        if (unit.name == name) return count <= kMsMax / unit.ms ? std::optional(count * unit.ms) : std::nullopt;
    return std::nullopt;
}

}  // namespace runnel

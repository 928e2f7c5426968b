// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/units.h"

#include <doctest/doctest.h>

#include "bridges/stations/station_time.h"
#include "broker/base/date_time.h"

namespace {

using namespace runnel::stations;

TEST_CASE("units") {
    struct Row {
        const char* conversion;
        double from;
        const char* to;
    };
    const Row rows[] = {
        {"fahrenheit->celsius", 69.44, "20.8"},
        {"fahrenheit->celsius", 32, "0"},
        {"fahrenheit->celsius", 31.999, "0"},
        {"celsius->fahrenheit", 100, "212"},
        {"kelvin->celsius", 273.15, "0"},
        {"fahrenheit->kelvin", -459.67, "0"},
        {"inHg->hPa", 28.804, "975.42"},
        {"Pa->hPa", 100216.44, "1002.16"},
        {"mph->m/s", 3.36, "1.5"},
        {"knots->km/h", 1, "1.85"},
        {"in->mm", 0.5, "12.7"},
        {"in/h->mm/h", 0.1, "2.54"},
        {"mi->km", 1, "1.61"},
        {"mmHg->hPa", 760, "1013.25"},
        {"km/h->m/s", 36, "10"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.conversion);
        const auto conversion = find_conversion(row.conversion);
        REQUIRE(conversion);
        CHECK(format_number((*conversion)(row.from), 2) == row.to);
    }
    for (const char* wrong : {"", "->", "celsius", "celsius->mm", "Celsius->kelvin", "mph->", "a->b", "mm->in/h"})
        CHECK_FALSE_MESSAGE(find_conversion(wrong), wrong);
}

TEST_CASE("numbers") {
    CHECK(parse_number("-1.5") == -1.5);
    CHECK(parse_number(" 7 ") == 7);
    CHECK(parse_number("1e3") == 1000);
    for (const char* wrong : {"", " ", "x", "1x", "nan", "inf", "-inf", "1e15", "1e999", "0x10", "1,5", "--"})
        CHECK_FALSE_MESSAGE(parse_number(wrong), wrong);
    CHECK(format_number(1.005, 0) == "1");
    CHECK(format_number(-0.001, 2) == "0");
    CHECK(format_number(100, 0) == "100");
    CHECK(format_number(0.125, 3) == "0.125");
    for (const char* number : {"0", "-1", "1.5", "1e5"})
        CHECK(is_json_number(number));
    for (const char* text : {"", "007", "+1", "1.", ".5", "NaN", "1 ", "-", "[1]", "1,2"})
        CHECK_FALSE_MESSAGE(is_json_number(text), text);
}

TEST_CASE("times") {
    const auto text_of = [](const char* time) {
        const auto moment = parse_station_time(time, 1'000);
        return moment ? runnel::format_date_time(*moment) : std::string("none");
    };
    CHECK(text_of("now") == "1970-01-01T00:00:01.000Z");
    CHECK(text_of("2025-05-08 16:00:56") == "2025-05-08T16:00:56.000Z");
    CHECK(text_of("2025-5-8 6:0:5") == "2025-05-08T06:00:05.000Z");
    CHECK(text_of("2025-05-08T18:00:56+02:00") == "2025-05-08T16:00:56.000Z");
    CHECK(text_of("1746720056") == "2025-05-08T16:00:56.000Z");
    CHECK(text_of("1746720056123") == "2025-05-08T16:00:56.123Z");
    for (const char* wrong : {"", "then", "2025-13-01 00:00:00", "2025-02-30 00:00:00", "2025-5-8", "-5",
                              "99999999999999999", "2025-05-08 16:00:56x", "20251-05-08 16:00:56"})
        CHECK_MESSAGE(text_of(wrong) == "none", wrong);
}

}  // namespace

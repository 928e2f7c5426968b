// SPDX-License-Identifier: Apache-2.0
#include "broker/base/date_time.h"

#include <doctest/doctest.h>

namespace runnel {

TEST_CASE("date and time: read") {
    CHECK(parse_date_time("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_date_time("1970-01-01t00:00:00z") == 0);
    CHECK(parse_date_time("1970-01-01 00:00:01Z") == 1'000);
    CHECK(parse_date_time("1969-12-31T23:59:59.999Z") == -1);
    CHECK(parse_date_time("2001-09-09T01:46:40Z") == 1'000'000'000'000);
    CHECK(parse_date_time("2024-02-29T12:00:00.25Z") == 1'709'208'000'250);
    CHECK(parse_date_time("2024-02-29T12:00:00.2509999+02:00") == 1'709'200'800'250);
    CHECK(parse_date_time("2024-02-29T12:00:00-00:30") == 1'709'209'800'000);
    CHECK(parse_date_time("1998-12-31T23:59:60Z") == 915'148'799'999);
}

TEST_CASE("date and time: what is none") {
    for (const char* text :
         {"", "2024", "2024-02-29", "2024-02-29T12:00Z", "2024-02-29T12:00:00", "2023-02-29T00:00:00Z",
          "1900-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z",
          "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T00:00:00.Z",
          "2024-01-01T00:00:00+1:00", "2024-01-01T00:00:00Zx", "-024-01-01T00:00:00Z", "2024-01-01T00:00:00+24:00"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_date_time(text).has_value());
    }
}

TEST_CASE("date and time: written, and read again") {
    CHECK(format_date_time(0) == "1970-01-01T00:00:00.000Z");
    CHECK(format_date_time(-1) == "1969-12-31T23:59:59.999Z");
    CHECK(format_date_time(1'709'208'000'250) == "2024-02-29T12:00:00.250Z");
    CHECK(format_date_time(INT64_MAX) == "9999-12-31T23:59:59.999Z");
    CHECK(format_date_time(INT64_MIN) == "0000-01-01T00:00:00.000Z");
    for (int64_t ms = -2'208'988'800'000; ms < 4'102'444'800'000; ms += 86'400'000 * 13 + 3'723'004) {
        CAPTURE(ms);
        CHECK(parse_date_time(format_date_time(ms)) == ms);
    }
}

}  // namespace runnel

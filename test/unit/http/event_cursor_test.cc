// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/event_cursor.h"

#include <string>

#include <doctest/doctest.h>

namespace runnel::http {
namespace {

// That of a stream which has shown these, one after the other.
std::string after(int64_t start_ms, std::initializer_list<const char*> names) {
    EventCursor cursor(start_ms);
    for (const char* name : names)
        cursor.shown(name);
    return cursor.text();
}

}  // namespace

TEST_CASE("a cursor tells of each writer the last message that was shown") {
    CHECK(after(5'000, {}) == "c5000");
    CHECK(after(5'000, {"0:6000-1"}) == "c5000,0:6000-1");
    CHECK(after(5'000, {"0:6000-1", "1:6001-1"}) == "c5000,0:6000-1,1:6001-1");
    CHECK(after(5'000, {"0:6000-1", "1:6001-1", "0:6002-2"}) == "c5000,1:6001-1,0:6002-2");
}

TEST_CASE("what lies far back counts as shown, so that a cursor does not grow") {
    CHECK(after(5'000, {"0:6000-1", "1:9000-1"}) == "c7000,1:9000-1");
    // A writer that is a little behind does not move it back.
    CHECK(after(5'000, {"1:9000-1", "0:8000-1"}) == "c7000,1:9000-1,0:8000-1");
    EventCursor cursor(0);
    for (int64_t time = 0; time < 1'000'000; time += 50)
        cursor.shown(std::to_string(time / 50 % 100) + ":" + std::to_string(time) + "-1");
    CHECK(cursor.text().size() < 1000);
}

TEST_CASE("a cursor that was told is read again, and goes on") {
    const std::string told = after(5'000, {"0:6000-1", "1:6001-7"});
    EventCursor cursor(0);
    REQUIRE(cursor.read(told));
    CHECK(cursor.text() == told);
    cursor.shown("0:6500-2");
    CHECK(cursor.text() == "c5000,1:6001-7,0:6500-2");
    CHECK(cursor.read("c-5"));
    CHECK(cursor.text() == "c-5");
}

TEST_CASE("what is no cursor is refused and changes nothing") {
    EventCursor cursor(5'000);
    cursor.shown("0:6000-1");
    for (const std::string& text :
         {std::string(""), std::string("5000"), std::string("c"), std::string("cx"), std::string("c5000x"),
          std::string("c5000,"), std::string("c5000,,0:1-1"), std::string("c5000,0"), std::string("c5000,0:6000"),
          std::string("c5000,0-6000:1"), std::string("c5000,0:x-1"), std::string("c5000,0:6000-1,"),
          std::string("c99999999999999999999"), "c5000,0:6000-" + std::string(10'000, '1')}) {
        CAPTURE(text);
        CHECK_FALSE(cursor.read(text));
        CHECK(cursor.text() == "c5000,0:6000-1");
    }
}

TEST_CASE("a name that no broker gave is not taken for one") {
    for (const char* name : {"", "0", "0:", "0:6000", "0-1:6000", "0:x-1", "0:99999999999999999999-1"})
        CHECK(after(5'000, {name}) == "c5000");
}

}  // namespace runnel::http

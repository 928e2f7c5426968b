// SPDX-License-Identifier: Apache-2.0
#include "broker/base/json_value.h"

#include <doctest/doctest.h>

using runnel::JsonValue;

TEST_CASE("JSON: values of every type are read") {
    const auto value = JsonValue::parse(R"( {"a": [1, -2.5e3, true, false, null], "b": {"c": "d"}, "a2": "" } )");
    REQUIRE(value);
    CHECK(value->is_object());
    REQUIRE((*value)["a"].elements().size() == 5);
    CHECK((*value)["a"].elements()[0].number() == 1);
    CHECK((*value)["a"].elements()[1].number() == -2500);
    CHECK((*value)["a"].elements()[2].boolean());
    CHECK_FALSE((*value)["a"].elements()[3].boolean(true));
    CHECK((*value)["a"].elements()[4].number(7) == 7);
    CHECK((*value)["b"]["c"].text() == "d");
    CHECK((*value)["b"]["none"]["deeper"].text("otherwise") == "otherwise");
    CHECK((*value)["a2"].if_text() != nullptr);
}

TEST_CASE("JSON: escapes are undone, pairs of surrogates joined, halves replaced") {
    const auto value = JsonValue::parse(
        R"(["\"\\\/\b\f\n\r\t", "\u00e9\u20AC", "\ud83d\ude00", "\ud83dx", "\ude00", "\ud83d\u0041"])");
    REQUIRE(value);
    CHECK(value->elements()[0].text() == "\"\\/\b\f\n\r\t");
    CHECK(value->elements()[1].text() == "\xC3\xA9\xE2\x82\xAC");
    CHECK(value->elements()[2].text() == "\xF0\x9F\x98\x80");
    CHECK(value->elements()[3].text() == "\xEF\xBF\xBDx");
    CHECK(value->elements()[4].text() == "\xEF\xBF\xBD");
    CHECK(value->elements()[5].text() ==
          "\xEF\xBF\xBD"
          "A");
}

TEST_CASE("JSON: the last of several members with one name counts") {
    CHECK(JsonValue::parse(R"({"a":1,"a":2})").value()["a"].number() == 2);
}

TEST_CASE("JSON: what is not valid gives nothing") {
    for (const char* text :
         {"", " ", "{", "[1,]", "{\"a\"}", "{\"a\":}", "01", "\"\\x\"", "\"\n\"", "1 2", "nul", "\"\xFF\""})
        CHECK_FALSE(JsonValue::parse(text));
    CHECK_FALSE(JsonValue::parse(std::string(1000, '[')));
}

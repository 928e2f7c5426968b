// SPDX-License-Identifier: Apache-2.0
#include "broker/base/json.h"

#include <doctest/doctest.h>

using namespace runnel;

namespace {

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("a JSON string escapes what RFC 8259 wants escaped and nothing else") {
    CHECK(json_string("") == "\"\"");
    CHECK(json_string("plain / text") == "\"plain / text\"");
    CHECK(json_string("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
    CHECK(json_string(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001f\u007f")");
    CHECK(json_string("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") == "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
}

TEST_CASE("a JSON string is valid whatever bytes come in") {
    const std::string replacement = "\xEF\xBF\xBD";
    CHECK(json_string("a\xFFz") == "\"a" + replacement + "z\"");
    CHECK(json_string("\xC3") == "\"" + replacement + "\"");
    CHECK(json_string("\xE2\x82") == "\"" + replacement + replacement + "\"");
    CHECK(json_string("\xC3\"") == "\"" + replacement + "\\\"\"");
    // A surrogate, half of a pair, is no character.
    CHECK(json_string("\xED\xA0\x80") == "\"" + replacement + replacement + replacement + "\"");
}

TEST_CASE("compact_json keeps a value and drops the blanks around its parts") {
    CHECK(compact_json(" { \"a b\" : [ 1 , -2.50e+3 , true , null , { } , [ ] ] }\n") ==
          R"({"a b":[1,-2.50e+3,true,null,{},[]]})");
    CHECK(compact_json("\"x \\u00e9 \\n\"") == "\"x \\u00e9 \\n\"");
    CHECK(compact_json("0") == "0");
    CHECK(compact_json("-0.5") == "-0.5");
    CHECK(compact_json("false") == "false");
}

TEST_CASE("compact_json refuses what is not one JSON value") {
    for (const char* text : {"",
                             " ",
                             "nojson",
                             "{",
                             "[1,]",
                             "{\"a\":}",
                             "{\"a\" 1}",
                             "{a:1}",
                             "01",
                             "1.",
                             ".5",
                             "1e",
                             "+1",
                             "-",
                             "tru",
                             "\"open",
                             "\"bad \\x escape\"",
                             "\"\\u12g4\"",
                             "\"\\u12",
                             "\"line\nbreak\"",
                             "1 2",
                             "[1}",
                             "nullx",
                             "\"\xFF\""})
        CHECK_MESSAGE(!compact_json(text), text);
}

TEST_CASE("compact_json does not run out of stack") {
    CHECK(compact_json(std::string(150, '[') + std::string(150, ']')).has_value());
    CHECK(!compact_json(std::string(1'000'000, '[')).has_value());
}

TEST_CASE("an object is written member after member") {
    std::string out;
    {
        JsonObject object(out);
        object.text("name", "a\"b");
        object.number("count", 7);
        object.number("share", 0.5);
        object.number("nothing", 1.0 / 0.0);
        object.boolean("done", true);
        JsonObject inner(object.member("inner"));
        inner.number("x", -1);
    }
    CHECK(out == R"({"name":"a\"b","count":7,"share":0.5,"nothing":null,"done":true,"inner":{"x":-1}})");
    out.clear();
    { const JsonObject empty(out); }
    CHECK(out == "{}");
}

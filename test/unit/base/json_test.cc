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

TEST_CASE("a value of compact JSON ends where the next one may begin") {
    const auto value = [](std::string_view compact, size_t at) {
        return std::string(compact.substr(at, json_value_end(compact, at) - at));
    };
    CHECK(value("1", 0) == "1");
    CHECK(value("[1,2]", 1) == "1");
    CHECK(value("[1,2]", 3) == "2");
    CHECK(value("[[1,[2]],3]", 1) == "[1,[2]]");
    CHECK(value(R"({"a":{"b":[1,{"c":2}]},"d":3})", 5) == R"({"b":[1,{"c":2}]})");
    CHECK(value(R"(["]},[{",1])", 1) == R"("]},[{")");
    CHECK(value(R"(["a\"]b",1])", 1) == R"("a\"]b")");
    CHECK(value(R"(["a\\",1])", 1) == R"("a\\")");
    CHECK(value(R"(["",1])", 1) == R"("")");
    CHECK(value("[null]", 1) == "null");
}

TEST_CASE("elements of an array") {
    using Elements = std::vector<std::string_view>;
    CHECK(json_elements("[]").empty());
    CHECK(json_elements("[1]") == Elements{"1"});
    CHECK(json_elements(R"([1,"a,b",[2,3],{"c":[4,5]},null,[],{}])") ==
          Elements{"1", R"("a,b")", "[2,3]", R"({"c":[4,5]})", "null", "[]", "{}"});
    const std::string deep = std::string(150, '[') + std::string(150, ']');
    const std::string compact = "[" + deep + ",7]";
    CHECK(json_elements(compact) == Elements{deep, "7"});
}

TEST_CASE("a member of an object") {
    const std::string_view object = R"({"a":1,"b":{"a":2},"c\"d":"x","e":[{"f":3}],"a":4,"":5})";
    CHECK(json_member(object, "a") == "4");
    CHECK(json_member(object, "b") == R"({"a":2})");
    CHECK(json_member(object, "e") == R"([{"f":3}])");
    CHECK(json_member(object, "") == "5");
    CHECK(json_member(object, "f").empty());
    CHECK(json_member(object, "d").empty());
    CHECK(json_member("{}", "a").empty());
    CHECK(json_member(R"({"x":"{\"a\":1}"})", "a").empty());
    CHECK(json_member(R"({"a":""})", "a") == R"("")");
}

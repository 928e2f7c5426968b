// SPDX-License-Identifier: Apache-2.0
#include "broker/history/json_number.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel::history {

TEST_CASE("json number: a payload that is a number") {
    CHECK(number_at("21.5", "") == 21.5);
    CHECK(number_at(" -3e2\n", "") == -300);
    CHECK(number_at("0", "") == 0);
    for (const char* text : {"",    " ",   "x", "21.5 C", "1 2",   "01",   ".5",   "5.",  "+1",        "1e",
                             "inf", "nan", "-", "0x10",   "\"1\"", "true", "null", "[1]", "{\"a\":1}", "1e999"}) {
        CAPTURE(text);
        CHECK_FALSE(number_at(text, "").has_value());
    }
}

TEST_CASE("json number: by pointer") {
    const std::string json =
        R"( {"a" : {"x":[10, {"y":-1.5}, "s"]}, "s":"}\"{", "a/b":1, "m~n":2, "":3, "t":true, "\u00e9\"":4, "0":5, "n":[]} )";
    CHECK(number_at(json, "/a/x/0") == 10);
    CHECK(number_at(json, "/a/x/1/y") == -1.5);
    CHECK(number_at(json, "/a~1b") == 1);
    CHECK(number_at(json, "/m~0n") == 2);
    CHECK(number_at(json, "/") == 3);
    CHECK(number_at(json, "/\xC3\xA9\"") == 4);
    CHECK(number_at(json, "/0") == 5);
    for (const char* pointer :
         {"/a", "/a/x", "/a/x/2", "/a/x/3", "/a/x/-", "/a/x/01", "/s", "/t", "/b", "/a/x/0/z", "/n/0", "/s/x"}) {
        CAPTURE(pointer);
        CHECK_FALSE(number_at(json, pointer).has_value());
    }
}

TEST_CASE("json number: a name beyond the first plane") {
    CHECK(number_at(R"({"\ud83d\ude00":7})", "/\xF0\x9F\x98\x80") == 7);
}

TEST_CASE("json number: hostile text ends without a number") {
    const std::string json = R"({"a":{"x":[10,{"y":-1.5},"s"]},"z":1})";
    for (size_t size = 0; size < json.size() - 1; ++size)
        CHECK_FALSE(number_at(std::string_view(json).substr(0, size), "/z").has_value());
    CHECK_FALSE(number_at(std::string(100'000, '['), "/0/0").has_value());
    CHECK_FALSE(number_at("{\"b\":" + std::string(100'000, '[') + ",\"a\":1}", "/a").has_value());
    CHECK_FALSE(number_at(R"({"b":]1,"a":2})", "/a").has_value());
    CHECK_FALSE(number_at(R"({"b" 1,"a":2})", "/a").has_value());
    CHECK_FALSE(number_at("{\"a", "/a").has_value());
    CHECK_FALSE(number_at("{\"a\\", "/a").has_value());
    CHECK_FALSE(number_at("{\"\\u12\":1}", "/a").has_value());
}

TEST_CASE("json pointer: what is one") {
    for (const char* pointer : {"", "/", "/a", "/a/0/b", "/~0~1"})
        CHECK(is_json_pointer(pointer));
    for (const char* pointer : {"a", "a/b", "/~", "/~2", "/a~/b"})
        CHECK_FALSE(is_json_pointer(pointer));
}

}  // namespace runnel::history

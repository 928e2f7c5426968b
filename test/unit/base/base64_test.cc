// SPDX-License-Identifier: Apache-2.0
#include "broker/base/base64.h"

#include <doctest/doctest.h>

#include <string>

namespace runnel {

TEST_CASE("base64: the vectors of RFC 4648 section 10, both ways") {
    const std::pair<std::string, std::string> rows[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    for (const auto& row : rows) {
        const auto& bytes = row.first;
        const auto& text = row.second;
        CAPTURE(text);
        CHECK(encode_base64(bytes) == text);
        CHECK(decode_base64(text) == bytes);
    }
}

TEST_CASE("base64: all bytes come back") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        CHECK(decode_base64(encode_base64(bytes)) == bytes);
        bytes += static_cast<char>(i);
    }
}

TEST_CASE("base64: nothing but the one text of the bytes is taken") {
    for (const std::string text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_",
                                   "=Zg=", "Zg==Zg==", "Z=g=", "\xc3\xa4zz"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_base64(text).has_value());
    }
}

}  // namespace runnel

// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace runnel::http {
namespace {

// Nothing unless it is one whole gzip member.
std::string inflated(const std::string& bytes) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out(4 << 20, '\0');
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const bool is_whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
    out.resize(is_whole ? stream.total_out : 0);
    inflateEnd(&stream);
    return out;
}

std::string readings(int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += "{\"topic\": \"home/kitchen/temperature\", \"payload\": \"" + std::to_string(i * 7919 % 500) + "\"}\n";
    return text;
}

}  // namespace

TEST_CASE("what is gzipped comes out as it was, and is shorter") {
    const std::string text = readings(10'000);
    const std::string packed = gzipped(text);
    CHECK(inflated(packed) == text);
    CHECK(packed.size() < text.size() / 5);
    CHECK(inflated(gzipped("x")) == "x");
}

TEST_CASE("parts of any size make the same") {
    const std::string text = readings(2'000);
    for (const size_t size : {size_t{1}, size_t{100}, size_t{4096}, size_t{50'000}}) {
        GzipStream stream;
        std::string packed;
        for (size_t at = 0; at < text.size(); at += size)
            stream.write(std::string_view(text).substr(at, size), packed);
        stream.write("", packed);
        stream.end(packed);
        CHECK(inflated(packed) == text);
    }
}

TEST_CASE("nothing is a gzip of nothing") {
    const std::string packed = gzipped("");
    CHECK(packed.size() == 20);
    CHECK(packed.starts_with("\x1f\x8b"));
}

}  // namespace runnel::http

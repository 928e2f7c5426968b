// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

using namespace runnel::mqtt;
using namespace std::string_literals;

namespace {

struct Sample {
    const char* what;
    std::string bytes;
};

const Sample kWellFormed[] = {
    {"empty", ""},
    {"one letter", "a"},
    {"seven letters", "abcdefg"},
    {"eight letters", "abcdefgh"},
    {"many letters", std::string(1000, 'x')},
    {"first of ASCII that is allowed", "\x01"},
    {"last of ASCII", "\x7f"},
    {"U+0080, first of two bytes", "\xc2\x80"},
    {"U+07FF, last of two bytes", "\xdf\xbf"},
    {"U+0800, first of three bytes", "\xe0\xa0\x80"},
    {"U+D7FF, last before the surrogates", "\xed\x9f\xbf"},
    {"U+E000, first after the surrogates", "\xee\x80\x80"},
    {"U+FEFF, the byte order mark", "\xef\xbb\xbf"},
    {"U+FFFE, a noncharacter", "\xef\xbf\xbe"},
    {"U+FFFF, last of three bytes", "\xef\xbf\xbf"},
    {"U+10000, first of four bytes", "\xf0\x90\x80\x80"},
    {"U+2A6D4, the example of section 1.5.4", "A\xf0\xaa\x9b\x94"},
    {"U+10FFFF, last of all", "\xf4\x8f\xbf\xbf"},
    {"combining characters", "e\xcc\x81"},
    {"control characters", "\x1b[2J\r\n\xc2\x9f"},
};

const Sample kBroken[] = {
    {"continuation byte alone", "\x80"},
    {"last continuation byte alone", "\xbf"},
    {"two bytes cut off", "\xc2"},
    {"three bytes cut off after one", "\xe2"},
    {"three bytes cut off after two", "\xe2\x82"},
    {"four bytes cut off after one", "\xf0"},
    {"four bytes cut off after two", "\xf0\x9f"},
    {"four bytes cut off after three", "\xf0\x9f\x98"},
    {"two bytes, second is a letter", "\xc3("},
    {"two bytes, second is a lead", "\xc3\xc3"},
    {"three bytes, second is a letter", "\xe2(\xac"},
    {"three bytes, third is a letter", "\xe2\x82("},
    {"four bytes, second is a letter", "\xf0(\x8c\xbc"},
    {"four bytes, third is a letter", "\xf0\x90(\xbc"},
    {"four bytes, fourth is a letter", "\xf0\x90\x8c("},
    {"a continuation byte too many", "\xc3\xa4\xa4"},
    {"overlong U+0000 in two bytes", "\xc0\x80"},
    {"overlong slash in two bytes", "\xc0\xaf"},
    {"overlong U+007F in two bytes", "\xc1\xbf"},
    {"overlong slash in three bytes", "\xe0\x80\xaf"},
    {"overlong U+07FF in three bytes", "\xe0\x9f\xbf"},
    {"overlong slash in four bytes", "\xf0\x80\x80\xaf"},
    {"overlong U+FFFF in four bytes", "\xf0\x8f\xbf\xbf"},
    {"U+D800, first surrogate", "\xed\xa0\x80"},
    {"U+DBFF", "\xed\xaf\xbf"},
    {"U+DC00", "\xed\xb0\x80"},
    {"U+DFFF, last surrogate", "\xed\xbf\xbf"},
    {"a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80"},
    {"U+110000, beyond the last", "\xf4\x90\x80\x80"},
    {"a lead byte beyond the last", "\xf5\x80\x80\x80"},
    {"five bytes", "\xf8\x88\x80\x80\x80"},
    {"six bytes", "\xfc\x84\x80\x80\x80\x80"},
    {"0xFE", "\xfe"},
    {"0xFF", "\xff"},
};

// A copy in memory of exactly its size, so that the address sanitizer sees a read past the end.
template <class Test>
bool holds(Test test, const std::string& bytes) {
    const std::unique_ptr<char[]> exact(new char[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    return test({exact.get(), bytes.size()});
}

// Every sample is tried behind and before up to this many letters, so that it lies everywhere in a word of eight bytes.
constexpr size_t kLettersMax = 17;

// The plain reference: decodes one code point after the other.
bool is_utf8_slowly(const std::string& bytes) {
    for (size_t i = 0; i < bytes.size();) {
        const unsigned lead = static_cast<unsigned char>(bytes[i]);
        const size_t size = lead < 0x80 ? 1 : lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
        if (size == 0 || lead >= 0xF8 || i + size > bytes.size()) return false;
        unsigned point = size == 1 ? lead : lead & (0x7Fu >> size);
        for (size_t k = 1; k < size; ++k) {
            const unsigned next = static_cast<unsigned char>(bytes[i + k]);
            if ((next & 0xC0) != 0x80) return false;
            point = point << 6 | (next & 0x3F);
        }
        constexpr unsigned kFirst[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < kFirst[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        i += size;
    }
    return true;
}

}  // namespace

TEST_CASE("well-formed UTF-8 is accepted wherever it lies") {
    for (const Sample& sample : kWellFormed) {
        CAPTURE(sample.what);
        for (size_t before = 0; before <= kLettersMax; ++before)
            for (size_t after = 0; after <= kLettersMax; ++after) {
                const std::string bytes = std::string(before, 'b') + sample.bytes + std::string(after, 'a');
                CHECK(holds(is_valid_text, bytes));
                CHECK(holds(is_valid_utf8, bytes));
            }
    }
}

TEST_CASE("broken UTF-8 is refused wherever it lies") {
    for (const Sample& sample : kBroken) {
        CAPTURE(sample.what);
        for (size_t before = 0; before <= kLettersMax; ++before)
            for (size_t after = 0; after <= kLettersMax; ++after) {
                const std::string bytes = std::string(before, 'b') + sample.bytes + std::string(after, 'a');
                CHECK_FALSE(holds(is_valid_text, bytes));
                CHECK_FALSE(holds(is_valid_utf8, bytes));
            }
    }
}

TEST_CASE("U+0000 is refused in texts and allowed in payloads") {
    for (const std::string& around : {""s, "a"s, "\xc3\xa4"s, "abcdefghijkl"s, "\xf0\x9f\x98\x80...."s})
        for (const std::string& bytes : {"\0"s, "\0"s + around, around + "\0"s, around + "\0"s + around}) {
            CHECK_FALSE(holds(is_valid_text, bytes));
            CHECK(holds(is_valid_utf8, bytes));
        }
}

TEST_CASE("every text of up to three bytes, and every lead of four, is judged as by the plain reference") {
    for (unsigned a = 0; a < 256; ++a)
        for (unsigned b = 0; b < 256; ++b) {
            const std::string two{static_cast<char>(a), static_cast<char>(b)};
            REQUIRE(is_valid_utf8(two) == is_utf8_slowly(two));
            for (unsigned c : {0x00u, 0x41u, 0x7Fu, 0x80u, 0x8Fu, 0x90u, 0x9Fu, 0xA0u, 0xBFu, 0xC0u, 0xE2u, 0xFFu}) {
                const std::string three = two + static_cast<char>(c);
                REQUIRE(is_valid_utf8(three) == is_utf8_slowly(three));
                const std::string four = three + '\x80';
                REQUIRE(is_valid_utf8(four) == is_utf8_slowly(four));
                const bool has_zero = four.find('\0') != std::string::npos;
                REQUIRE(is_valid_text(four) == (is_utf8_slowly(four) && !has_zero));
            }
        }
}

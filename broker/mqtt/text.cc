// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/text.h"

#include "broker/mqtt/word_scan.h"

namespace runnel::mqtt {

namespace {

// Objects, not functions, so that the loops they are given to call nothing.
constexpr auto kIsAscii = [](uint64_t word) { return (word & kHighBits) == 0; };
constexpr auto kIsAsciiWithoutZero = [](uint64_t word) {
    return (nonzero_bytes(word) & ~word & kHighBits) == kHighBits;
};

// The size of the well-formed sequence of two to four bytes at the front of the `left` bytes at `at`, or 0
// (table 3-7 of the Unicode Standard).
size_t sequence_size(const unsigned char* at, size_t left) {
    const auto continues = [&](size_t i) { return (at[i] & 0xC0) == 0x80; };
    const unsigned lead = at[0];
    if (lead < 0xC2) return 0;
    if (lead < 0xE0) return left >= 2 && continues(1) ? 2 : 0;
    if (lead < 0xF0) {
        if (left < 3 || !continues(1) || !continues(2)) return 0;
        if (lead == 0xE0 && at[1] < 0xA0) return 0;  // Could be shorter.
        if (lead == 0xED && at[1] > 0x9F) return 0;  // A surrogate.
        return 3;
    }
    if (lead > 0xF4 || left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xF0 && at[1] < 0x90) return 0;  // Could be shorter.
    if (lead == 0xF4 && at[1] > 0x8F) return 0;  // Above U+10FFFF.
    return 4;
}

template <class WordTest>
bool is_well_formed(std::string_view text, bool zero_allowed, WordTest is_plain) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    size_t left = text.size();
    while (left != 0) {
        size_t size = 1;
        if (left >= 8 && is_plain(load<uint64_t>(reinterpret_cast<const char*>(at)))) {
            size = 8;
        } else if (*at >= 0x80) {
            size = sequence_size(at, left);
            if (size == 0) return false;
        } else if (*at == 0 && !zero_allowed) {
            return false;
        }
        at += size;
        left -= size;
    }
    return true;
}

}  // namespace

bool is_valid_text(std::string_view text) {
    return all_words(text, kIsAsciiWithoutZero) || is_well_formed(text, false, kIsAsciiWithoutZero);
}

bool is_valid_utf8(std::string_view bytes) {
    return all_words(bytes, kIsAscii) || is_well_formed(bytes, true, kIsAscii);
}

}  // namespace runnel::mqtt

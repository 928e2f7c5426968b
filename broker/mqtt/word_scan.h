// SPDX-License-Identifier: Apache-2.0
// Inside mqtt only: looking at eight bytes at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace runnel::mqtt {

inline constexpr uint64_t kHighBits = 0x8080808080808080;
inline constexpr uint64_t kLowSeven = 0x7F7F7F7F7F7F7F7F;

constexpr uint64_t in_every_byte(char c) {
    return uint64_t{0x0101010101010101} * static_cast<uint8_t>(c);
}

template <class Word>
Word load(const char* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

// The high bit of every byte of `word` that is not 0. Exact only while no byte is above 0x7F.
constexpr uint64_t nonzero_bytes(uint64_t word) {
    return word + kLowSeven;
}

// Whether `test` holds for words that together hold every byte of `text` and no other byte. Some bytes are seen twice,
// so that the last bytes need no loop of their own.
template <class Test>
bool all_words(std::string_view text, Test test) {
    const char* at = text.data();
    const size_t size = text.size();
    if (size >= 8) {
        const char* last = at + size - 8;
        for (; at < last; at += 8)
            if (!test(load<uint64_t>(at))) return false;
        return test(load<uint64_t>(last));
    }
    if (size >= 4) return test(load<uint32_t>(at) | uint64_t{load<uint32_t>(at + size - 4)} << 32);
    if (size == 0) return true;
    uint64_t word = in_every_byte(at[0]);
    if (size > 1) word ^= (word ^ in_every_byte(at[1])) & 0xFF00;
    if (size > 2) word ^= (word ^ in_every_byte(at[2])) & 0xFF0000;
    return test(word);
}

}  // namespace runnel::mqtt

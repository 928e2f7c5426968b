// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace runnel {

// Mixes two words into one by a 64x64 multiplication.
inline uint64_t hash_mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// A fast hash with a seed, for tables whose keys strangers choose: without the seed nobody can aim at one bucket.
inline uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
    constexpr uint64_t k0 = 0xa0761d6478bd642fULL;
    constexpr uint64_t k1 = 0xe7037ed1a0b428dbULL;
    const char* p = bytes.data();
    const size_t size = bytes.size();
    const auto load = [](auto word, const char* from) {
        std::memcpy(&word, from, sizeof word);
        return uint64_t{word};
    };
    uint64_t state = seed ^ k0;
    uint64_t tail = 0;
    // The last bytes are read as whole words that overlap what was read before: copies of fixed size are single loads.
    if (size >= 8) {
        const char* const last = p + size - 8;
        for (; p < last; p += 8)
            state = hash_mix(state ^ load(uint64_t{}, p), k1);
        tail = load(uint64_t{}, last);
    } else if (size >= 4) {
        tail = load(uint32_t{}, p) << 32 | load(uint32_t{}, p + size - 4);
    } else if (size != 0) {
        tail = load(uint8_t{}, p) << 16 | load(uint8_t{}, p + size / 2) << 8 | load(uint8_t{}, p + size - 1);
    }
    return hash_mix(state ^ tail, k0 ^ size);
}

}  // namespace runnel

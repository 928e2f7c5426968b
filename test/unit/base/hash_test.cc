// SPDX-License-Identifier: Apache-2.0
#include "broker/base/hash.h"

#include <bit>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include "broker/base/random.h"

namespace runnel {
namespace {

TEST_CASE("A hash depends on every byte, on the length and on the seed") {
    std::set<uint64_t> seen;
    size_t made = 0;
    const auto add = [&](const std::string& text, uint64_t seed) {
        seen.insert(hash_bytes(text, seed));
        ++made;
    };
    for (size_t size = 0; size <= 100; ++size) {
        add(std::string(size, '\0'), 1);
        for (size_t at = 0; at < size; ++at) {
            std::string text(size, '\0');
            text[at] = 'x';
            add(text, 1);
        }
    }
    for (uint64_t seed = 2; seed < 100; ++seed)
        add("home/temperature", seed);
    CHECK(seen.size() == made);
}

TEST_CASE("A hash reads nothing outside the text: the same text gives the same hash wherever it lies") {
    Random random(3);
    for (size_t size = 0; size <= 64; ++size) {
        std::string text(size, ' ');
        for (char& c : text)
            c = static_cast<char>(random.below(256));
        const uint64_t hash = hash_bytes(text, 9);
        for (size_t shift = 0; shift < 8; ++shift) {
            std::string other(shift, static_cast<char>(random.below(256)));
            other += text;
            other += static_cast<char>(random.below(256));
            CHECK(hash_bytes(std::string_view(other).substr(shift, size), 9) == hash);
        }
    }
}

TEST_CASE("Every bit of a hash is set about half the time, also for texts that differ little") {
    constexpr int kTexts = 4000;
    int set[64] = {};
    for (int i = 0; i < kTexts; ++i) {
        const uint64_t hash = hash_bytes("sensor/" + std::to_string(i) + "/state", 5);
        for (int bit = 0; bit < 64; ++bit)
            set[bit] += static_cast<int>(hash >> bit & 1);
    }
    for (const int count : set) {
        CHECK(count > kTexts * 45 / 100);
        CHECK(count < kTexts * 55 / 100);
    }
}

}  // namespace
}  // namespace runnel

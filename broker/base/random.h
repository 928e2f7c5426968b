// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "broker/base/hash.h"

namespace runnel {

// Pseudo-random numbers from a seed: the same seed gives the same numbers. Not for secrets unless the seed is one.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

    // A number from 0 to limit - 1; limit is above 0.
    uint64_t below(uint64_t limit) {
        return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * limit) >> 64);
    }

private:
    uint64_t state_;
};

}  // namespace runnel

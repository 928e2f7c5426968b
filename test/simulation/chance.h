// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "broker/base/random.h"

namespace runnel::simulation {

// All that a simulated world leaves to chance. The same seed makes the same choices.
class Chance {
public:
    explicit Chance(uint64_t seed) : random_(seed) {}

    uint64_t next() { return random_.next(); }
    // 0 to limit - 1.
    uint64_t below(uint64_t limit) { return random_.below(limit); }
    // Both ends may come.
    int64_t between(int64_t least, int64_t most) {
        return least + static_cast<int64_t>(random_.below(static_cast<uint64_t>(most - least) + 1));
    }
    bool percent(uint32_t percentage) { return random_.below(100) < percentage; }
    template <class T>
    T one_of(std::initializer_list<T> choices) {
        return *(choices.begin() + random_.below(choices.size()));
    }
    template <class T>
    const T& one_of(const std::vector<T>& choices) {
        return choices[random_.below(choices.size())];
    }

private:
    Random random_;
};

}  // namespace runnel::simulation

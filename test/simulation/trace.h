// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "broker/base/hash.h"
#include "broker/base/time.h"

namespace runnel::simulation {

// What happened, as a hash that tells two runs apart, and as lines of text for whoever looks for a fault.
class Trace {
public:
    explicit Trace(bool prints) : prints_(prints) {}

    bool prints() const { return prints_; }
    uint64_t hash() const { return hash_; }

    // `bytes` count for the hash whether or not anything is printed.
    void note(Time now, std::string_view what, uint64_t who, std::string_view bytes) {
        hash_ = hash_bytes(bytes, hash_bytes(what, hash_mix(hash_ ^ static_cast<uint64_t>(now.ms), who + 1)));
    }
    void line(Time now, const std::string& text) const {
        if (prints_) std::printf("%10.3f %s\n", static_cast<double>(now.ms) / 1000, text.c_str());
    }

private:
    bool prints_;
    uint64_t hash_ = 0x9e3779b97f4a7c15ULL;
};

}  // namespace runnel::simulation

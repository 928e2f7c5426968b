// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace runnel {

// Gives numbers that nobody can guess: for Assigned Client Identifiers and nonces. The operating system's in
// production, a seeded one in simulation. Used by one thread.
class SecretSource {
public:
    virtual ~SecretSource() = default;
    virtual uint64_t next() = 0;
};

}  // namespace runnel

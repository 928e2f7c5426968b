// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "broker/base/secret_source.h"

namespace runnel::net {

// The operating system's random numbers, fetched a block at a time.
class SystemRandom final : public SecretSource {
public:
    uint64_t next() override;

private:
    std::array<uint64_t, 32> block_{};
    size_t left_ = 0;
};

}  // namespace runnel::net

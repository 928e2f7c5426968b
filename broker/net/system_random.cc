// SPDX-License-Identifier: Apache-2.0
#include "broker/net/system_random.h"

#include <sys/random.h>

#include "broker/base/check.h"

namespace runnel::net {

uint64_t SystemRandom::next() {
    if (left_ == 0) {
        // Up to 256 bytes come whole and without an error once the system's pool has been seeded.
        RUNNEL_CHECK(getrandom(block_.data(), sizeof block_, 0) == static_cast<ssize_t>(sizeof block_));
        left_ = block_.size();
    }
    return block_[--left_];
}

}  // namespace runnel::net

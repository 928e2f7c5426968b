// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "broker/base/time.h"

namespace runnel::history {

// Which messages are kept, and for how long. The first rule whose filter matches a message keeps it.
struct Rule {
    std::string filter;
    Duration keep{Duration::seconds(30 * 24 * 3600)};           // Messages.
    uint64_t max_bytes = 0;                                     // Of messages: above, the oldest go. 0 = no limit.
    std::string value;                                          // JSON pointer to the number; empty: the whole payload.
    Duration keep_buckets{Duration::seconds(365 * 24 * 3600)};  // What is left of numbers.
};

}  // namespace runnel::history

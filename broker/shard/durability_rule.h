// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "storage/write_batch.h"

namespace runnel::shard {

// How durable messages of a Topic Filter are when they are acknowledged. The first rule that matches a message counts.
struct DurabilityRule {
    std::string filter;
    storage::Durability durability = storage::Durability::Synced;
};

}  // namespace runnel::shard

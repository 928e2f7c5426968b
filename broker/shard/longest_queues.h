// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "broker/api/operations.h"
#include "broker/shard/sessions.h"

namespace runnel::shard {

// The Sessions with the most messages waiting, the longest queue first; without those that have none. Looks at every
// Session.
std::vector<api::QueueStatus> longest_queues(const Sessions& sessions, size_t count);

}  // namespace runnel::shard

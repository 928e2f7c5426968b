// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace runnel::shard {

// A shard of this broker, by number: 0 to the count of event loops - 1.
using PeerIndex = uint32_t;

// Names a connection on its shard. The slot is a small number that is used again; the generation tells lives apart.
struct ConnectionId {
    uint32_t slot = 0;
    uint32_t generation = 0;
    friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "broker/base/hash.h"
#include "broker/shard/ids.h"

namespace runnel::shard {

// The functions from a name to the shard that owns it. Nothing else knows where anything lives.
struct Placement {
    uint32_t peer_count = 1;
    uint64_t hash_seed = 0;  // The same on every shard.

    PeerIndex owner_of_client(std::string_view client_identifier) const { return owner_of(client_identifier, 1); }
    PeerIndex owner_of_topic(std::string_view topic) const { return owner_of(topic, 2); }
    PeerIndex owner_of_key(std::string_view idempotency_key) const { return owner_of(idempotency_key, 3); }
    PeerIndex owner_of_group(std::string_view share_name, std::string_view filter) const {
        return static_cast<PeerIndex>(hash_mix(hash_bytes(share_name, hash_seed), hash_bytes(filter, hash_seed)) %
                                      peer_count);
    }

private:
    PeerIndex owner_of(std::string_view name, uint64_t kind) const {
        return peer_count == 1 ? 0 : static_cast<PeerIndex>(hash_bytes(name, hash_seed ^ kind) % peer_count);
    }
};

}  // namespace runnel::shard

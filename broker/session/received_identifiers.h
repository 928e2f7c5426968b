// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "broker/mqtt/types.h"

namespace runnel::session {

// Packet Identifiers of QoS 2 messages that were received and whose PUBREL has not come (section 4.3.3, receiver side).
// Who fills it keeps the Receive Maximum.
class ReceivedIdentifiers {
public:
    size_t size() const { return sorted_.size(); }
    bool contains(mqtt::PacketIdentifier identifier) const {
        return std::binary_search(sorted_.begin(), sorted_.end(), identifier);
    }
    void insert(mqtt::PacketIdentifier identifier) {
        sorted_.insert(std::lower_bound(sorted_.begin(), sorted_.end(), identifier), identifier);
    }
    // Whether it was there.
    bool erase(mqtt::PacketIdentifier identifier) {
        const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), identifier);
        if (at == sorted_.end() || *at != identifier) return false;
        sorted_.erase(at);
        return true;
    }
    const std::vector<mqtt::PacketIdentifier>& all() const { return sorted_; }

private:
    std::vector<mqtt::PacketIdentifier> sorted_;
};

}  // namespace runnel::session

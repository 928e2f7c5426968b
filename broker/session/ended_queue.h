// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::session {

// What the store still holds of the queue of a Session that has ended, because it came by Shared Subscriptions: other
// members of their groups get it, segment by segment (section 4.8.2). Everything else in it is for nobody.
struct EndedQueue {
    struct Membership {
        uint32_t sequence = 0;  // SharedOrigin::sequence of its deliveries.
        std::string share_name;
        std::string filter;
    };
    std::string client_identifier;  // In the key of the record, like `begin`.
    uint64_t begin = 0;             // The number that names the first segment,
    uint64_t first = 0;             // that of the first delivery that counts,
    uint64_t end = 0;               // and the one behind the last.
    uint64_t next = 0;              // Not stored: the segments before it have gone.
    std::vector<uint64_t> taken;    // Those that are gone. Sorted.
    std::vector<Membership> memberships;

    bool counts(uint64_t number) const;
    // Null if it came by none of them.
    const Membership* membership_of(uint32_t sequence) const;
};

std::string key_of(const EndedQueue& queue);
void encode(const EndedQueue& queue, std::string& out);
// `name` is the key without the letter of its kind. Nothing if the bytes are no such record.
std::optional<EndedQueue> decode_ended_queue(std::string_view name, std::string_view record);

}  // namespace runnel::session

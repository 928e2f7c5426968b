// SPDX-License-Identifier: Apache-2.0
#include "broker/session/ended_queue.h"

#include <algorithm>

#include "broker/session/record.h"
#include "broker/session/stored_keys.h"
#include "broker/session/stored_session.h"

namespace runnel::session {

bool EndedQueue::counts(uint64_t number) const {
    return number >= first && number < end && !std::binary_search(taken.begin(), taken.end(), number);
}

const EndedQueue::Membership* EndedQueue::membership_of(uint32_t sequence) const {
    const auto at = std::ranges::find(memberships, sequence, &Membership::sequence);
    return at == memberships.end() ? nullptr : &*at;
}

std::string key_of(const EndedQueue& queue) {
    return numbered_key(StoredKind::EndedQueue, queue.client_identifier, queue.begin);
}

void encode(const EndedQueue& queue, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.number(queue.first);
    writer.number(queue.end);
    writer.number(queue.taken.size());
    for (const uint64_t number : queue.taken)
        writer.number(number);
    writer.number(queue.memberships.size());
    for (const EndedQueue::Membership& membership : queue.memberships) {
        writer.number(membership.sequence);
        writer.text(membership.share_name);
        writer.text(membership.filter);
    }
}

std::optional<EndedQueue> decode_ended_queue(std::string_view name, std::string_view record) {
    RecordReader reader(record);
    if (name.size() <= sizeof(uint64_t) || reader.byte() != kRecordVersion) return std::nullopt;
    EndedQueue queue;
    queue.client_identifier = name.substr(0, name.size() - sizeof(uint64_t) - 1);
    queue.begin = queue.next = number_of(name);
    queue.first = reader.number();
    queue.end = reader.number();
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left)
        queue.taken.push_back(reader.number());
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
        EndedQueue::Membership membership;
        membership.sequence = static_cast<uint32_t>(reader.number());
        membership.share_name = reader.text();
        membership.filter = reader.text();
        queue.memberships.push_back(std::move(membership));
    }
    if (reader.failed()) return std::nullopt;
    return queue;
}

}  // namespace runnel::session

// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/longest_queues.h"

#include <algorithm>

namespace runnel::shard {

std::vector<api::QueueStatus> longest_queues(const Sessions& sessions, size_t count) {
    std::vector<const SessionSlot*> longest;  // A heap with the shortest of them on top.
    const auto is_longer = [](const SessionSlot* a, const SessionSlot* b) {
        return a->session.queue.size() > b->session.queue.size();
    };
    sessions.for_each([&](const SessionSlot& slot) {
        const bool belongs = longest.size() < count ||
                             (!longest.empty() && slot.session.queue.size() > longest.front()->session.queue.size());
        if (slot.session.queue.empty() || !belongs) return;
        longest.push_back(&slot);
        std::push_heap(longest.begin(), longest.end(), is_longer);
        if (longest.size() <= count) return;
        std::pop_heap(longest.begin(), longest.end(), is_longer);
        longest.pop_back();
    });
    std::sort_heap(longest.begin(), longest.end(), is_longer);
    std::vector<api::QueueStatus> queues;
    for (const SessionSlot* slot : longest)
        queues.push_back({slot->session.client_identifier, slot->session.queue.size(), slot->session.queue.bytes(),
                          slot->connection != nullptr});
    return queues;
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/retained_messages.h"

#include <algorithm>

#include "broker/base/check.h"
#include "broker/base/hash.h"
#include "broker/mqtt/topic.h"

namespace runnel::routing {

namespace {

constexpr size_t kTreeBytesMin = size_t{1} << 20;
constexpr size_t kTombstonesMin = 1000;
constexpr size_t kSlotBytes = 12;  // What a hash table needs for an element, at its usual load.

int64_t expiry_of(const mqtt::ApplicationMessage& message) {
    return (message.received_at() + Duration::seconds(message.message_expiry_interval())).ms;
}

}  // namespace

RetainedMessages::RetainedMessages(uint64_t hash_seed, Limits limits) : hash_seed_(hash_seed), limits_(limits) {
    RUNNEL_CHECK(nodes_.take() == kRoot);
}

RetainedMessages::Stored RetainedMessages::store(const mqtt::MessageRef& message, RetainedStamp stamp) {
    const uint32_t node = find_node(message->topic());
    const uint32_t record = node == kNone ? kNone : nodes_[node].record;
    return record == kNone ? add(message, stamp) : replace(record, message, stamp);
}

RetainedMessages::Stored RetainedMessages::add(const mqtt::MessageRef& message, RetainedStamp stamp) {
    const bool erases = message->payload().empty();
    if (!erases && !has_room(1, bytes_ + message->memory_size())) return Stored::Full;
    const uint32_t node = add_path(message->topic());
    const uint32_t record = records_.take();
    nodes_[node].record = record;
    records_[record].stamp = stamp;
    records_[record].node = node;
    if (!erases) set_message(record, message);
    if (make_room_for_tree()) {
        if (erases) bury(record);
        return Stored::Yes;
    }
    if (!erases) drop_message(record);
    forget(record);
    // A tombstone for which there is no room is not worth refusing the erasure.
    return erases ? Stored::Yes : Stored::Full;
}

RetainedMessages::Stored RetainedMessages::replace(uint32_t record, const mqtt::MessageRef& message,
                                                   RetainedStamp stamp) {
    if (stamp <= records_[record].stamp) return Stored::Older;
    const bool was_tombstone = !records_[record].message;
    const size_t bytes_before = was_tombstone ? 0 : records_[record].message->memory_size();
    const bool erases = message->payload().empty();
    if (!erases && !has_room(was_tombstone ? 1 : 0, bytes_ - bytes_before + message->memory_size())) {
        return Stored::Full;
    }
    if (was_tombstone)
        tombstones_.remove(record);
    else
        drop_message(record);
    records_[record].stamp = stamp;
    if (erases)
        bury(record);
    else
        set_message(record, message);
    return Stored::Yes;
}

void RetainedMessages::set_message(uint32_t record, const mqtt::MessageRef& message) {
    records_[record].message = message;
    bytes_ += message->memory_size();
    if (message->has_expiry()) expiring_.add(record, expiry_of(*message));
}

void RetainedMessages::drop_message(uint32_t record) {
    mqtt::MessageRef& message = records_[record].message;
    if (message->has_expiry()) expiring_.remove(record);
    bytes_ -= message->memory_size();
    message = {};
}

// Makes a tombstone of a record without a message. There are never many more of them than messages are allowed.
void RetainedMessages::bury(uint32_t record) {
    tombstones_.add(record, records_[record].stamp.time_ms);
    while (tombstones_.count() > std::max(limits_.messages_max, kTombstonesMin)) {
        const uint32_t oldest = tombstones_.first();
        tombstones_.remove(oldest);
        forget(oldest);
    }
}

// Removes a record that is neither a message nor a tombstone any more.
void RetainedMessages::forget(uint32_t record) {
    const uint32_t node = records_[record].node;
    nodes_[node].record = kNone;
    records_.give_back(record);
    remove_nodes_if_unused(node);
}

void RetainedMessages::forget_tombstones(Time older_than) {
    while (!tombstones_.empty() && tombstones_.first_deadline() < older_than.ms) {
        const uint32_t record = tombstones_.first();
        tombstones_.remove(record);
        forget(record);
    }
}

size_t RetainedMessages::expire(Time now, size_t limit) {
    size_t expired = 0;
    for (; expired < limit && !expiring_.empty() && expiring_.first_deadline() <= now.ms; ++expired) {
        const uint32_t record = expiring_.first();
        drop_message(record);
        bury(record);
    }
    return expired;
}

bool RetainedMessages::has_room(size_t more_messages, size_t bytes_after) const {
    return count() + more_messages <= limits_.messages_max && bytes_after <= limits_.bytes_max;
}

// Forgets tombstones, oldest first, until the tree keeps its limit; false if that is not enough.
bool RetainedMessages::make_room_for_tree() {
    const size_t tree_bytes_max = std::max(limits_.bytes_max, kTreeBytesMin);
    while (tree_bytes() > tree_bytes_max) {
        if (tombstones_.empty()) return false;
        const uint32_t oldest = tombstones_.first();
        tombstones_.remove(oldest);
        forget(oldest);
    }
    return true;
}

size_t RetainedMessages::tree_bytes() const {
    return nodes_.count() * (sizeof(Node) + kSlotBytes) + texts_.text_bytes() + records_.count() * sizeof(Record);
}

const mqtt::ApplicationMessage* RetainedMessages::find(std::string_view topic) const {
    const uint32_t node = find_node(topic);
    if (node == kNone || nodes_[node].record == kNone) return nullptr;
    return records_[nodes_[node].record].message.get();
}

size_t RetainedMessages::memory_bytes() const {
    return nodes_.memory_bytes() + children_.memory_bytes() + texts_.memory_bytes() + records_.memory_bytes() +
           expiring_.memory_bytes() + tombstones_.memory_bytes();
}

// The tree of topics.

uint32_t RetainedMessages::find_node(std::string_view topic) const {
    uint32_t node = kRoot;
    mqtt::Levels levels(topic);
    while (const auto level = levels.next()) {
        node = find_child(node, *level, hash_bytes(*level, hash_seed_));
        if (node == kNone) break;
    }
    return node;
}

uint32_t RetainedMessages::find_child(uint32_t parent, std::string_view level, uint64_t level_hash) const {
    return children_.find(child_hash(parent, level_hash), [&](uint32_t candidate) {
        return nodes_[candidate].parent == parent && texts_[nodes_[candidate].text] == level;
    });
}

uint32_t RetainedMessages::add_path(std::string_view topic) {
    uint32_t node = kRoot;
    mqtt::Levels levels(topic);
    while (const auto level = levels.next()) {
        const uint64_t level_hash = hash_bytes(*level, hash_seed_);
        const uint32_t child = find_child(node, *level, level_hash);
        node = child != kNone ? child : add_child(node, *level, level_hash);
    }
    return node;
}

uint32_t RetainedMessages::add_child(uint32_t parent, std::string_view level, uint64_t level_hash) {
    const uint32_t number = nodes_.take();
    Node& added = nodes_[number];
    added.parent = parent;
    added.text = texts_.add(level, level_hash);
    children_.insert(child_hash(parent, level_hash), number);
    uint32_t& first = nodes_[parent].first_child;
    if (first == kNone) {
        first = added.next = added.previous = number;
        return number;
    }
    added.next = first;
    added.previous = nodes_[first].previous;
    nodes_[added.previous].next = number;
    nodes_[first].previous = number;
    return number;
}

void RetainedMessages::remove_nodes_if_unused(uint32_t number) {
    while (number != kRoot && nodes_[number].record == kNone && nodes_[number].first_child == kNone) {
        const uint32_t parent = nodes_[number].parent;
        remove_from_parent(number);
        nodes_.give_back(number);
        number = parent;
    }
}

void RetainedMessages::remove_from_parent(uint32_t number) {
    const Node& removed = nodes_[number];
    children_.erase(child_hash(removed.parent, hash_bytes(texts_[removed.text], hash_seed_)), number);
    texts_.release(removed.text);
    nodes_[removed.previous].next = removed.next;
    nodes_[removed.next].previous = removed.previous;
    uint32_t& first = nodes_[removed.parent].first_child;
    if (first == number) first = removed.next == number ? kNone : removed.next;
}

// Walking the tree by a filter. The walk stands on a node, at a depth that is the number of levels down to it; the
// filter's level at a depth says which of the node's children come next.

RetainedMessages::Walk::Walk(const RetainedMessages& messages, std::string_view filter) : messages_(messages) {
    mqtt::Levels levels(filter);
    while (const auto level = levels.next()) {
        levels_.push_back({*level, hash_bytes(*level, messages.hash_seed_), *level == "+"});
    }
    everything_below_ = levels_.back().text == "#";
    if (everything_below_) levels_.pop_back();
}

const RetainedMessages::Record* RetainedMessages::Walk::next() {
    while (move_on()) {
        if (depth_ < levels_.size() || messages_.nodes_[node_].record == kNone) continue;
        return &messages_.records_[messages_.nodes_[node_].record];
    }
    return nullptr;
}

// To the next node that the filter reaches, whether it has a message or not: down if possible, else to the next
// sibling of the nearest level that allows one.
bool RetainedMessages::Walk::move_on() {
    const uint32_t child = first_child();
    if (child != kNone) {
        node_ = child;
        ++depth_;
        return true;
    }
    for (; depth_ != 0; --depth_) {
        const uint32_t sibling = next_sibling();
        if (sibling != kNone) {
            node_ = sibling;
            return true;
        }
        node_ = messages_.nodes_[node_].parent;
    }
    return false;
}

// Whether all children of a node at this depth are reached.
bool RetainedMessages::Walk::is_open(size_t depth) const {
    return depth < levels_.size() ? levels_[depth].any : everything_below_;
}

uint32_t RetainedMessages::Walk::first_child() const {
    if (is_open(depth_)) return skip_hidden(messages_.nodes_[node_].first_child);
    if (depth_ == levels_.size() || messages_.nodes_[node_].first_child == kNone) return kNone;
    return messages_.find_child(node_, levels_[depth_].text, levels_[depth_].hash);
}

uint32_t RetainedMessages::Walk::next_sibling() const {
    if (!is_open(depth_ - 1)) return kNone;
    const Node& node = messages_.nodes_[node_];
    return node.next == messages_.nodes_[node.parent].first_child ? kNone : skip_hidden(node.next);
}

// Wildcards of the first level do not reach topics that begin with $ [MQTT-4.7.2-1].
uint32_t RetainedMessages::Walk::skip_hidden(uint32_t number) const {
    if (number == kNone || messages_.nodes_[number].parent != kRoot) return number;
    while (messages_.texts_[messages_.nodes_[number].text].starts_with('$')) {
        number = messages_.nodes_[number].next;
        if (number == messages_.nodes_[kRoot].first_child) return kNone;
    }
    return number;
}

}  // namespace runnel::routing

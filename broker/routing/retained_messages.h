// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/base/time.h"
#include "broker/mqtt/application_message.h"
#include "broker/routing/deadline_heap.h"
#include "broker/routing/level_texts.h"
#include "broker/routing/pool.h"
#include "broker/routing/slot_table.h"

namespace runnel::routing {

// Orders what several shards publish on one topic: the greatest wins, so that all shards keep the same message.
struct RetainedStamp {
    int64_t time_ms = 0;
    uint32_t counter = 0;
    uint32_t peer = 0;
    friend auto operator<=>(const RetainedStamp&, const RetainedStamp&) = default;
};

// The last Retained Message of each topic, as this shard knows it. Every shard holds the same ones: messages are shared
// by reference, the tree of topics above them is each shard's own.
//
// The tree is a trie whose nodes find a child by hash and enumerate children as a ring; nothing recurses.
class RetainedMessages {
public:
    // bytes_max bounds the messages, and once more the tree above them (which may always have a mebibyte), so that
    // topics of many levels cannot cost more than what they carry.
    struct Limits {
        size_t messages_max = SIZE_MAX;
        size_t bytes_max = SIZE_MAX;
    };

    RetainedMessages(uint64_t hash_seed, Limits limits);
    RetainedMessages(RetainedMessages&&) = default;
    RetainedMessages& operator=(RetainedMessages&&) = default;

    // Older: this stamp or a newer one is already there. Full: a limit forbids it. Nothing is changed by either.
    enum class Stored : uint8_t { Yes, Older, Full };
    // An empty payload erases [MQTT-3.3.1-6] and leaves a tombstone with the stamp, so that an older message that comes
    // later stays away. Tombstones give way to messages when there is no room.
    Stored store(const mqtt::MessageRef& message, RetainedStamp stamp);
    // Forgets the tombstones whose stamp is from before `older_than`.
    void forget_tombstones(Time older_than);

    // Calls visit(const mqtt::MessageRef&) for each message whose topic matches by section 4.7 and that is not expired.
    // `visit` must not change the messages.
    template <class Visit>
    void match(std::string_view filter, Time now, Visit visit) const;

    // Turns up to `limit` expired messages into tombstones, and returns how many.
    size_t expire(Time now, size_t limit);

    // Null if there is none. It may have expired.
    const mqtt::ApplicationMessage* find(std::string_view topic) const;

    // Messages without tombstones.
    size_t count() const { return records_.count() - tombstones_.count(); }
    size_t bytes() const { return bytes_; }
    size_t tombstone_count() const { return tombstones_.count(); }
    // All that this object has allocated, without the messages.
    size_t memory_bytes() const;

private:
    struct Record {
        mqtt::MessageRef message;  // Null: a tombstone.
        RetainedStamp stamp;
        uint32_t node = kNone;
    };
    struct Node {
        uint32_t parent = kNone;
        uint32_t text = kNone;
        uint32_t first_child = kNone;
        uint32_t next = kNone;  // The ring of those with the same parent.
        uint32_t previous = kNone;
        uint32_t record = kNone;
    };
    struct FilterLevel {
        std::string_view text;
        uint64_t hash = 0;
        bool any = false;  // +
    };
    // Goes from match to match in the order of the tree.
    class Walk {
    public:
        Walk(const RetainedMessages& messages, std::string_view filter);
        const Record* next();

    private:
        bool move_on();
        bool is_open(size_t depth) const;
        uint32_t first_child() const;
        uint32_t next_sibling() const;
        uint32_t skip_hidden(uint32_t node) const;

        const RetainedMessages& messages_;
        std::vector<FilterLevel> levels_;
        bool everything_below_ = false;  // The filter ends with #.
        uint32_t node_ = kRoot;
        size_t depth_ = 0;
    };
    static constexpr uint32_t kRoot = 0;

    Stored add(const mqtt::MessageRef& message, RetainedStamp stamp);
    Stored replace(uint32_t record, const mqtt::MessageRef& message, RetainedStamp stamp);
    void set_message(uint32_t record, const mqtt::MessageRef& message);
    void drop_message(uint32_t record);
    void bury(uint32_t record);
    void forget(uint32_t record);
    bool make_room_for_tree();
    bool has_room(size_t more_messages, size_t bytes_after) const;
    size_t tree_bytes() const;
    uint32_t find_node(std::string_view topic) const;
    uint32_t find_child(uint32_t parent, std::string_view level, uint64_t level_hash) const;
    uint32_t add_path(std::string_view topic);
    uint32_t add_child(uint32_t parent, std::string_view level, uint64_t level_hash);
    void remove_nodes_if_unused(uint32_t node);
    void remove_from_parent(uint32_t node);

    uint64_t hash_seed_;
    Limits limits_;
    size_t bytes_ = 0;
    Pool<Node> nodes_;
    IndexTable children_;
    LevelTexts texts_;
    Pool<Record> records_;
    DeadlineHeap expiring_;    // Records of messages with a Message Expiry Interval.
    DeadlineHeap tombstones_;  // Records without a message, by the time of their stamp.
};

template <class Visit>
void RetainedMessages::match(std::string_view filter, Time now, Visit visit) const {
    Walk walk(*this, filter);
    while (const Record* record = walk.next()) {
        if (record->message && !record->message->is_expired(now)) visit(record->message);
    }
}

}  // namespace runnel::routing

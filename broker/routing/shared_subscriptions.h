// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/base/random.h"
#include "broker/mqtt/types.h"
#include "broker/routing/compact_text.h"
#include "broker/routing/pool.h"
#include "broker/routing/slot_table.h"
#include "broker/routing/subscription_tree.h"

namespace runnel::routing {

enum class ShareStrategy : uint8_t {
    RoundRobin,
    Random,
    LeastInflight,  // Among equals, who has waited longest.
    HashClient,     // All messages of one publisher go to one member, as long as the members stay the same.
    HashTopic,      // All messages of one topic go to one member, as long as the members stay the same.
    Sticky          // All messages go to one member for as long as it can take them.
};

// A Session, wherever it lives.
struct Member {
    uint32_t peer = 0;
    SubscriberId subscriber = 0;
    friend auto operator<=>(const Member&, const Member&) = default;
};

struct MemberState {
    Member member;
    SubscriptionOptions options;
    uint32_t subscription_identifier = 0;  // 0 = none.
    uint32_t sequence = 0;
    bool connected = false;
    bool stored = false;  // What it is given has to be stored; stays so for as long as it is a member.
    uint32_t inflight = 0;
};

// Names one group for ever: what is said of it after its end, on its way between shards, must not meet another one.
// The slot of the group, and how many came before it.
using GroupId = uint64_t;

// The Shared Subscriptions that this shard owns (section 4.8.2): a group lives on one shard, its members on any.
class SharedSubscriptions {
public:
    SharedSubscriptions(uint64_t hash_seed, ShareStrategy strategy);

    // The group is made by its first member and goes with its last. `filter` is without $share/name/. A member that
    // joins again changes its options, Subscription Identifier and connected.
    struct Joined {
        bool group_begins = false;    // The group is new.
        bool storing_begins = false;  // The member is stored and was not before.
    };
    Joined join(std::string_view share_name, std::string_view filter, const MemberState& member);
    struct Left {
        bool group_ends = false;
        bool storing_ends = false;  // The member was stored.
    };
    Left leave(std::string_view share_name, std::string_view filter, Member member);
    // In all groups it is in.
    void set_connected(Member member, bool connected);
    // For LeastInflight. Ignores members that have left.
    void add_inflight(GroupId group, Member member, int32_t change);

    // Calls visit(GroupId) for each group whose filter matches. `visit` may pick, but not join or leave.
    template <class Visit>
    void match(std::string_view topic, Visit visit) const {
        filters_.match(topic, [&](const Subscription& subscription) { visit(id_of(subscription.subscriber)); });
    }
    std::optional<GroupId> find(std::string_view share_name, std::string_view filter) const;
    std::string_view share_name_of(GroupId group) const { return groups_[slot_of(group)].share_name.view(); }
    std::string_view filter_of(GroupId group) const { return groups_[slot_of(group)].filter.view(); }
    // Whether any of its members is stored.
    bool stores(GroupId group) const { return exists(group) && groups_[slot_of(group)].stored != 0; }

    // Who gets the next message: a connected member if there is one, else any (its Session queues it). `excluding` has
    // just refused or gone. Nothing if no member is left, or the group has gone.
    std::optional<MemberState> pick(GroupId group, std::string_view publisher_client_identifier, std::string_view topic,
                                    Random& random, std::optional<Member> excluding = {});

    size_t count() const { return memberships_.count(); }
    size_t group_count() const { return groups_.count(); }

private:
    // One member in one group. A ring runs through those of one member.
    struct Membership {
        MemberState state;
        uint32_t group = kNone;  // Its slot.
        uint32_t position = 0;   // In the group's row.
        uint32_t next = kNone;
        uint32_t previous = kNone;
        uint64_t picked_at = 0;  // The group's turn when it was last picked.
    };
    // Memberships that are alike connected or not. Under LeastInflight a heap with the next one first.
    struct Row {
        std::vector<uint32_t> memberships;
        uint32_t cursor = 0;
    };
    struct Group {
        CompactText share_name;
        CompactText filter;
        Row connected;
        Row disconnected;
        uint64_t turns = 0;
        uint32_t sticky = kNone;
        uint32_t serial = 0;
        uint32_t stored = 0;  // Members.
    };
    // What a pick is made by.
    struct Question {
        std::string_view publisher;
        std::string_view topic;
        Random& random;
        uint32_t excluded;  // A membership, or kNone.
    };

    uint32_t group_hash(std::string_view share_name, std::string_view filter) const;
    uint32_t member_hash(Member member) const;
    uint32_t membership_hash(uint32_t group, Member member) const;
    static uint32_t slot_of(GroupId group) { return static_cast<uint32_t>(group); }
    GroupId id_of(uint32_t slot) const { return GroupId{groups_[slot].serial} << 32 | slot; }
    bool exists(GroupId group) const { return groups_.contains(slot_of(group)) && id_of(slot_of(group)) == group; }
    uint32_t find_slot(std::string_view share_name, std::string_view filter) const;
    uint32_t add_group(std::string_view share_name, std::string_view filter);
    void remove_group(uint32_t group);
    uint32_t find_first_of(Member member) const;
    uint32_t find_membership(uint32_t group, Member member) const;
    void add_membership(uint32_t group, const MemberState& state);
    void remove_membership(uint32_t membership);
    void link(uint32_t membership);
    void unlink(uint32_t membership);
    void change_connected(uint32_t membership, bool connected);

    Row& row_of(const Membership& membership);
    void add_to_row(uint32_t membership);
    void remove_from_row(uint32_t membership);
    void put(Row& row, size_t at, uint32_t membership);
    bool goes_before(uint32_t a, uint32_t b) const;
    void rise(Row& row, size_t at);
    void sink(Row& row, size_t at);
    void reorder(uint32_t membership);

    uint32_t choose(Group& group, Row& row, const Question& question);
    uint32_t choose_in_turn(Row& row, uint32_t excluded);
    uint32_t choose_by_chance(const Row& row, const Question& question) const;
    uint32_t choose_by_hash(const Row& row, uint64_t hash, uint32_t excluded) const;
    uint32_t choose_least_inflight(const Row& row, uint32_t excluded) const;
    uint32_t choose_sticky(Group& group, const Row& row, const Question& question);

    uint64_t hash_seed_;
    ShareStrategy strategy_;
    SubscriptionTree filters_;  // Its subscribers are the groups.
    Pool<Group> groups_;
    uint32_t next_serial_ = 0;
    IndexTable groups_by_name_;
    Pool<Membership> memberships_;
    IndexTable memberships_by_group_and_member_;
    IndexTable first_memberships_;  // One membership of each member: where its ring is entered.
};

}  // namespace runnel::routing

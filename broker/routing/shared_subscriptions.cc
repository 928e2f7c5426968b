// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/shared_subscriptions.h"

#include <algorithm>

#include "broker/base/check.h"
#include "broker/base/hash.h"

namespace runnel::routing {

namespace {

constexpr uint64_t kMemberSalt = 0xc2b2ae3d27d4eb4fULL;
constexpr uint64_t kMembershipSalt = 0x165667b19e3779f9ULL;

}  // namespace

SharedSubscriptions::SharedSubscriptions(uint64_t hash_seed, ShareStrategy strategy)
    : hash_seed_(hash_seed), strategy_(strategy), filters_(hash_seed) {}

SharedSubscriptions::Joined SharedSubscriptions::join(std::string_view share_name, std::string_view filter,
                                                      const MemberState& member) {
    const uint32_t found = find_slot(share_name, filter);
    const uint32_t group = found != kNone ? found : add_group(share_name, filter);
    const uint32_t membership = find_membership(group, member.member);
    if (membership == kNone) {
        add_membership(group, member);
        return {found == kNone, member.stored};
    }
    MemberState& state = memberships_[membership].state;
    const bool storing_begins = member.stored && !state.stored;
    state.stored |= member.stored;
    if (storing_begins) ++groups_[group].stored;
    state.options = member.options;
    state.subscription_identifier = member.subscription_identifier;
    change_connected(membership, member.connected);
    return {false, storing_begins};
}

SharedSubscriptions::Left SharedSubscriptions::leave(std::string_view share_name, std::string_view filter,
                                                     Member member) {
    const uint32_t group = find_slot(share_name, filter);
    if (group == kNone) return {};
    const uint32_t membership = find_membership(group, member);
    if (membership == kNone) return {};
    const bool was_stored = memberships_[membership].state.stored;
    remove_membership(membership);
    const Group& left = groups_[group];
    if (!left.connected.memberships.empty() || !left.disconnected.memberships.empty()) return {false, was_stored};
    remove_group(group);
    return {true, was_stored};
}

void SharedSubscriptions::set_connected(Member member, bool connected) {
    const uint32_t first = find_first_of(member);
    if (first == kNone) return;
    uint32_t at = first;
    do {
        change_connected(at, connected);
        at = memberships_[at].next;
    } while (at != first);
}

void SharedSubscriptions::add_inflight(GroupId group, Member member, int32_t change) {
    if (!exists(group)) return;
    const uint32_t membership = find_membership(slot_of(group), member);
    if (membership == kNone) return;
    uint32_t& inflight = memberships_[membership].state.inflight;
    const int64_t changed = int64_t{inflight} + change;
    inflight = static_cast<uint32_t>(std::clamp<int64_t>(changed, 0, UINT32_MAX));
    reorder(membership);
}

std::optional<GroupId> SharedSubscriptions::find(std::string_view share_name, std::string_view filter) const {
    const uint32_t found = find_slot(share_name, filter);
    if (found == kNone) return std::nullopt;
    return id_of(found);
}

uint32_t SharedSubscriptions::find_slot(std::string_view share_name, std::string_view filter) const {
    return groups_by_name_.find(group_hash(share_name, filter), [&](uint32_t candidate) {
        return groups_[candidate].share_name.view() == share_name && groups_[candidate].filter.view() == filter;
    });
}

uint32_t SharedSubscriptions::group_hash(std::string_view share_name, std::string_view filter) const {
    return index_hash(hash_bytes(filter, hash_bytes(share_name, hash_seed_)));
}

uint32_t SharedSubscriptions::member_hash(Member member) const {
    return index_hash(hash_mix(hash_seed_ ^ (uint64_t{member.peer} << 32 | member.subscriber), kMemberSalt));
}

uint32_t SharedSubscriptions::membership_hash(uint32_t group, Member member) const {
    const uint64_t of_member = hash_mix(hash_seed_ ^ (uint64_t{member.peer} << 32 | member.subscriber), kMemberSalt);
    return index_hash(hash_mix(of_member ^ group, kMembershipSalt));
}

uint32_t SharedSubscriptions::add_group(std::string_view share_name, std::string_view filter) {
    const uint32_t number = groups_.take();
    Group& added = groups_[number];
    added.serial = next_serial_++;
    added.share_name = CompactText(share_name);
    added.filter = CompactText(filter);
    groups_by_name_.insert(group_hash(share_name, filter), number);
    filters_.subscribe(filter, number, {}, 0);
    return number;
}

void SharedSubscriptions::remove_group(uint32_t number) {
    const Group& removed = groups_[number];
    filters_.unsubscribe(removed.filter.view(), number);
    groups_by_name_.erase(group_hash(removed.share_name.view(), removed.filter.view()), number);
    groups_.give_back(number);
}

uint32_t SharedSubscriptions::find_first_of(Member member) const {
    return first_memberships_.find(member_hash(member),
                                   [&](uint32_t candidate) { return memberships_[candidate].state.member == member; });
}

uint32_t SharedSubscriptions::find_membership(uint32_t group, Member member) const {
    return memberships_by_group_and_member_.find(membership_hash(group, member), [&](uint32_t candidate) {
        return memberships_[candidate].group == group && memberships_[candidate].state.member == member;
    });
}

void SharedSubscriptions::add_membership(uint32_t group, const MemberState& state) {
    const uint32_t number = memberships_.take();
    Membership& added = memberships_[number];
    added.state = state;
    added.group = group;
    // A new member waits its turn: it is not owed what the others got before it came.
    added.picked_at = groups_[group].turns;
    if (state.stored) ++groups_[group].stored;
    memberships_by_group_and_member_.insert(membership_hash(group, state.member), number);
    link(number);
    add_to_row(number);
}

void SharedSubscriptions::remove_membership(uint32_t number) {
    const Membership& removed = memberships_[number];
    Group& group = groups_[removed.group];
    if (group.sticky == number) group.sticky = kNone;
    if (removed.state.stored) --group.stored;
    remove_from_row(number);
    unlink(number);
    memberships_by_group_and_member_.erase(membership_hash(removed.group, removed.state.member), number);
    memberships_.give_back(number);
}

// Into the ring of its member.
void SharedSubscriptions::link(uint32_t number) {
    Membership& added = memberships_[number];
    const uint32_t first = find_first_of(added.state.member);
    if (first == kNone) {
        added.next = added.previous = number;
        first_memberships_.insert(member_hash(added.state.member), number);
        return;
    }
    added.next = first;
    added.previous = memberships_[first].previous;
    memberships_[added.previous].next = number;
    memberships_[first].previous = number;
}

void SharedSubscriptions::unlink(uint32_t number) {
    const Membership& removed = memberships_[number];
    memberships_[removed.previous].next = removed.next;
    memberships_[removed.next].previous = removed.previous;
    const uint32_t hash = member_hash(removed.state.member);
    if (!first_memberships_.erase(hash, number)) return;
    if (removed.next != number) first_memberships_.insert(hash, removed.next);
}

void SharedSubscriptions::change_connected(uint32_t membership, bool connected) {
    if (memberships_[membership].state.connected == connected) return;
    remove_from_row(membership);
    memberships_[membership].state.connected = connected;
    add_to_row(membership);
}

}  // namespace runnel::routing

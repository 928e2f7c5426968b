// SPDX-License-Identifier: Apache-2.0
// The part of SharedSubscriptions that keeps the members of a group in rows and chooses one of them.
#include "broker/base/check.h"
#include "broker/base/hash.h"
#include "broker/routing/shared_subscriptions.h"

namespace runnel::routing {

namespace {

// Jump consistent hashing (Lamping and Veach): when the row changes by one, about one name in n changes its place.
size_t place_of(uint64_t hash, size_t places) {
    size_t place = 0;
    for (double next = 0; next < static_cast<double>(places);) {
        place = static_cast<size_t>(next);
        hash = hash * 2862933555777941757ULL + 1;
        next = static_cast<double>(place + 1) * (2147483648.0 / static_cast<double>((hash >> 33) + 1));
    }
    return place;
}

}  // namespace

std::optional<MemberState> SharedSubscriptions::pick(GroupId group_id, std::string_view publisher_client_identifier,
                                                     std::string_view topic, Random& random,
                                                     std::optional<Member> excluding) {
    if (!exists(group_id)) return std::nullopt;
    Group& group = groups_[slot_of(group_id)];
    const uint32_t excluded = excluding ? find_membership(slot_of(group_id), *excluding) : kNone;
    const Question question{publisher_client_identifier, topic, random, excluded};
    uint32_t chosen = choose(group, group.connected, question);
    if (chosen == kNone) chosen = choose(group, group.disconnected, question);
    if (chosen == kNone) return std::nullopt;
    memberships_[chosen].picked_at = ++group.turns;
    reorder(chosen);
    return memberships_[chosen].state;
}

uint32_t SharedSubscriptions::choose(Group& group, Row& row, const Question& question) {
    const std::vector<uint32_t>& members = row.memberships;
    if (members.empty() || (members.size() == 1 && members[0] == question.excluded)) return kNone;
    switch (strategy_) {
        case ShareStrategy::RoundRobin: return choose_in_turn(row, question.excluded);
        case ShareStrategy::Random: return choose_by_chance(row, question);
        case ShareStrategy::LeastInflight: return choose_least_inflight(row, question.excluded);
        case ShareStrategy::HashClient:
            return choose_by_hash(row, hash_bytes(question.publisher, hash_seed_), question.excluded);
        case ShareStrategy::HashTopic:
            return choose_by_hash(row, hash_bytes(question.topic, hash_seed_), question.excluded);
        case ShareStrategy::Sticky: return choose_sticky(group, row, question);
    }
    RUNNEL_CHECK(false);
}

uint32_t SharedSubscriptions::choose_in_turn(Row& row, uint32_t excluded) {
    const auto next = [&] {
        if (row.cursor >= row.memberships.size()) row.cursor = 0;
        return row.memberships[row.cursor++];
    };
    const uint32_t chosen = next();
    return chosen == excluded ? next() : chosen;
}

uint32_t SharedSubscriptions::choose_by_chance(const Row& row, const Question& question) const {
    const size_t count = row.memberships.size();
    const uint32_t chosen = row.memberships[question.random.below(count)];
    if (chosen != question.excluded) return chosen;
    // One of the others, each as likely.
    const size_t others = question.random.below(count - 1);
    return row.memberships[(memberships_[chosen].position + 1 + others) % count];
}

// What an excluded member would have got is spread over all the others.
uint32_t SharedSubscriptions::choose_by_hash(const Row& row, uint64_t hash, uint32_t excluded) const {
    const size_t count = row.memberships.size();
    const size_t place = place_of(hash, count);
    if (row.memberships[place] != excluded) return row.memberships[place];
    return row.memberships[(place + 1 + hash_mix(hash, hash_seed_) % (count - 1)) % count];
}

uint32_t SharedSubscriptions::choose_least_inflight(const Row& row, uint32_t excluded) const {
    const std::vector<uint32_t>& members = row.memberships;
    if (members[0] != excluded) return members[0];
    return members.size() == 2 || goes_before(members[1], members[2]) ? members[1] : members[2];
}

uint32_t SharedSubscriptions::choose_sticky(Group& group, const Row& row, const Question& question) {
    const uint32_t sticky = group.sticky;
    const bool stays = sticky != kNone && sticky != question.excluded && &row_of(memberships_[sticky]) == &row;
    if (!stays) group.sticky = choose_by_chance(row, question);
    return group.sticky;
}

// Rows.

SharedSubscriptions::Row& SharedSubscriptions::row_of(const Membership& membership) {
    Group& group = groups_[membership.group];
    return membership.state.connected ? group.connected : group.disconnected;
}

void SharedSubscriptions::add_to_row(uint32_t membership) {
    Row& row = row_of(memberships_[membership]);
    row.memberships.push_back(membership);
    put(row, row.memberships.size() - 1, membership);
    reorder(membership);
}

void SharedSubscriptions::remove_from_row(uint32_t membership) {
    Row& row = row_of(memberships_[membership]);
    const uint32_t last = row.memberships.back();
    const size_t at = memberships_[membership].position;
    row.memberships.pop_back();
    if (last == membership) return;
    put(row, at, last);
    reorder(last);
}

void SharedSubscriptions::put(Row& row, size_t at, uint32_t membership) {
    row.memberships[at] = membership;
    memberships_[membership].position = static_cast<uint32_t>(at);
}

bool SharedSubscriptions::goes_before(uint32_t a, uint32_t b) const {
    const Membership& one = memberships_[a];
    const Membership& other = memberships_[b];
    if (one.state.inflight != other.state.inflight) return one.state.inflight < other.state.inflight;
    return one.picked_at < other.picked_at;
}

// Restores the heap after one membership has changed its order.
void SharedSubscriptions::reorder(uint32_t membership) {
    if (strategy_ != ShareStrategy::LeastInflight) return;
    Row& row = row_of(memberships_[membership]);
    rise(row, memberships_[membership].position);
    sink(row, memberships_[membership].position);
}

void SharedSubscriptions::rise(Row& row, size_t at) {
    const uint32_t membership = row.memberships[at];
    while (at != 0 && goes_before(membership, row.memberships[(at - 1) / 2])) {
        put(row, at, row.memberships[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(row, at, membership);
}

void SharedSubscriptions::sink(Row& row, size_t at) {
    const uint32_t membership = row.memberships[at];
    const size_t count = row.memberships.size();
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && goes_before(row.memberships[child + 1], row.memberships[child])) ++child;
        if (!goes_before(row.memberships[child], membership)) break;
        put(row, at, row.memberships[child]);
        at = child;
    }
    put(row, at, membership);
}

}  // namespace runnel::routing

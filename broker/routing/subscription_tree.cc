// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/subscription_tree.h"

#include "broker/base/check.h"
#include "broker/base/hash.h"
#include "broker/mqtt/topic.h"

namespace runnel::routing {

namespace {

constexpr uint64_t kEntrySalt = 0xd6e8feb86659fd93ULL;

}  // namespace

SubscriptionTree::SubscriptionTree(uint64_t hash_seed) : hash_seed_(hash_seed), hashed_(hash_seed), trie_(hash_seed) {}

SubscriptionTree::Added SubscriptionTree::subscribe(std::string_view filter, SubscriberId subscriber,
                                                    SubscriptionOptions options, uint32_t subscription_identifier) {
    const Place place = add_place(filter);
    const uint32_t found = find_entry(place, subscriber);
    if (found != kNone) {
        Subscription& subscription = entries_[found].subscription;
        subscription.options = options;
        subscription.subscription_identifier = subscription_identifier;
        return Added::Replaced;
    }
    if (subscriber >= subscribers_.size()) subscribers_.resize(size_t{subscriber} + 1);
    const uint32_t sequence = next_sequence(subscribers_[subscriber]);
    add_entry(place, {subscriber, options, subscription_identifier, sequence});
    return Added::New;
}

bool SubscriptionTree::unsubscribe(std::string_view filter, SubscriberId subscriber) {
    const std::optional<Place> place = find_place(filter);
    if (!place) return false;
    const uint32_t entry = find_entry(*place, subscriber);
    if (entry == kNone) return false;
    remove_entry(entry);
    return true;
}

std::optional<uint32_t> SubscriptionTree::sequence_of(std::string_view filter, SubscriberId subscriber) const {
    const std::optional<Place> place = find_place(filter);
    const uint32_t entry = place ? find_entry(*place, subscriber) : kNone;
    if (entry == kNone) return std::nullopt;
    return entries_[entry].subscription.sequence;
}

size_t SubscriptionTree::count_of(SubscriberId subscriber) const {
    return subscriber < subscribers_.size() ? subscribers_[subscriber].count : 0;
}

size_t SubscriptionTree::memory_bytes() const {
    return entries_.memory_bytes() + entries_by_place_and_subscriber_.memory_bytes() + hashed_.memory_bytes() +
           trie_.memory_bytes() + subscribers_.capacity() * sizeof(Subscriber) + filter_.capacity() +
           matched_.capacity() * sizeof(uint32_t);
}

// Places: where the filters are.

SubscriptionTree::Place SubscriptionTree::add_place(std::string_view filter) {
    if (const std::optional<Place> place = find_place(filter)) return *place;
    const uint32_t number = hashed_.add(filter);
    return number != kNone ? Place::hashed(number) : Place::in_trie(trie_.add(filter));
}

std::optional<SubscriptionTree::Place> SubscriptionTree::find_place(std::string_view filter) const {
    const uint32_t number = hashed_.find(filter);
    if (number != kNone) return Place::hashed(number);
    if (trie_.empty() || !mqtt::has_wildcard(filter)) return std::nullopt;
    const std::optional<FilterTrie::Place> place = trie_.find(filter);
    if (!place || trie_.first_of(*place) == kNone) return std::nullopt;
    return Place::in_trie(*place);
}

uint32_t& SubscriptionTree::first_of(Place place) {
    return place.is_hashed() ? hashed_.first_of(place.number()) : trie_.first_of(place.trie_place());
}

void SubscriptionTree::remove_place_if_unused(Place place) {
    if (first_of(place) != kNone) return;
    if (place.is_hashed())
        hashed_.remove(place.number());
    else
        trie_.remove(place.trie_place());
}

std::string_view SubscriptionTree::filter_of(Place place) const {
    if (place.is_hashed())
        filter_ = hashed_.text_of(place.number());
    else
        trie_.write_text(place.trie_place(), filter_);
    return filter_;
}

// Entries: the subscriptions.

uint32_t SubscriptionTree::entry_hash(Place place, SubscriberId subscriber) const {
    return index_hash(hash_mix(hash_seed_ ^ (uint64_t{subscriber} << 32 | place.value()), kEntrySalt));
}

uint32_t SubscriptionTree::find_entry(Place place, SubscriberId subscriber) const {
    return entries_by_place_and_subscriber_.find(entry_hash(place, subscriber), [&](uint32_t candidate) {
        return entries_[candidate].place == place && entries_[candidate].subscription.subscriber == subscriber;
    });
}

// One more than the last. Numbers run out after four billion subscribes of a subscriber that never lets go of all:
// then those it has are numbered anew.
uint32_t SubscriptionTree::next_sequence(const Subscriber& subscriber) {
    if (subscriber.first == kNone) return 0;
    const uint32_t last = entries_[subscriber.first].of_subscriber.previous;
    if (entries_[last].subscription.sequence != UINT32_MAX) return entries_[last].subscription.sequence + 1;
    uint32_t at = subscriber.first;
    for (uint32_t sequence = 0; sequence < subscriber.count; ++sequence) {
        entries_[at].subscription.sequence = sequence;
        at = entries_[at].of_subscriber.next;
    }
    return subscriber.count;
}

void SubscriptionTree::add_entry(Place place, const Subscription& subscription) {
    const uint32_t number = entries_.take();
    entries_[number].subscription = subscription;
    entries_[number].place = place;
    link(first_of(place), number, &Entry::of_place);
    Subscriber& subscriber = subscribers_[subscription.subscriber];
    link(subscriber.first, number, &Entry::of_subscriber);
    ++subscriber.count;
    entries_by_place_and_subscriber_.insert(entry_hash(place, subscription.subscriber), number);
}

void SubscriptionTree::remove_entry(uint32_t number) {
    const Place place = entries_[number].place;
    const SubscriberId subscriber_id = entries_[number].subscription.subscriber;
    Subscriber& subscriber = subscribers_[subscriber_id];
    unlink(first_of(place), number, &Entry::of_place);
    unlink(subscriber.first, number, &Entry::of_subscriber);
    --subscriber.count;
    entries_by_place_and_subscriber_.erase(entry_hash(place, subscriber_id), number);
    entries_.give_back(number);
    remove_place_if_unused(place);
}

// Appends to the ring that begins at `first`.
void SubscriptionTree::link(uint32_t& first, uint32_t number, Links Entry::*links) {
    Links& added = entries_[number].*links;
    if (first == kNone) {
        first = added.next = added.previous = number;
        return;
    }
    uint32_t& last = (entries_[first].*links).previous;
    added = {first, last};
    (entries_[last].*links).next = number;
    last = number;
}

void SubscriptionTree::unlink(uint32_t& first, uint32_t number, Links Entry::*links) {
    const Links removed = entries_[number].*links;
    if (removed.next == number) {
        first = kNone;
        return;
    }
    (entries_[removed.previous].*links).next = removed.next;
    (entries_[removed.next].*links).previous = removed.previous;
    if (first == number) first = removed.next;
}

// Leaves in matched_ the first entry of each filter that matches.
void SubscriptionTree::collect(std::string_view topic) const {
    matched_.clear();
    hashed_.match(
        topic, [&](uint32_t first) { entries_.prefetch(first); }, [&](uint32_t first) { matched_.push_back(first); });
    if (!trie_.empty()) trie_.match(topic, matched_);
}

}  // namespace runnel::routing

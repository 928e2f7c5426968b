// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/mqtt/types.h"
#include "broker/routing/filter_trie.h"
#include "broker/routing/hashed_filters.h"
#include "broker/routing/pool.h"
#include "broker/routing/slot_table.h"

namespace runnel::routing {

// Names a Session on its shard: a small number that the caller chooses and may reuse. Memory is kept up to the largest.
using SubscriberId = uint32_t;
using mqtt::SubscriptionOptions;

struct Subscription {
    SubscriberId subscriber = 0;
    SubscriptionOptions options;
    uint32_t subscription_identifier = 0;  // 0 = none.
    uint32_t sequence = 0;                 // The order in which one subscriber subscribed; kept when it is replaced.
};

// The subscriptions of one shard by Topic Filter. Filters are valid and without $share/name/.
//
// Most filters are found by a few looks into a hash table (HashedFilters), the others by walking a trie (FilterTrie).
// Nothing recurses, and nothing depends on how many subscribers a filter or subscriptions a subscriber has: subscribe
// and unsubscribe cost the length of the filter.
class SubscriptionTree {
public:
    explicit SubscriptionTree(uint64_t hash_seed);

    enum class Added : uint8_t { New, Replaced };
    Added subscribe(std::string_view filter, SubscriberId subscriber, SubscriptionOptions options,
                    uint32_t subscription_identifier);
    // False if there was none.
    bool unsubscribe(std::string_view filter, SubscriberId subscriber);
    // Removes all subscriptions of a subscriber in the order of subscription and calls gone(std::string_view filter)
    // for each one removed. `gone` must not use the tree.
    template <class Gone>
    void unsubscribe_all(SubscriberId subscriber, Gone gone);

    // Calls visit(const Subscription&) for each subscription whose filter matches by section 4.7, $-topics included
    // [MQTT-4.7.2-1]; a subscriber comes once for each of its filters that match. Allocates nothing once the scratch
    // space has grown. `visit` must neither change the tree nor match again.
    template <class Visit>
    void match(std::string_view topic, Visit visit) const;
    // Calls visit(std::string_view filter, const Subscription&) in the order of subscription. `visit` must not change
    // the tree; the filter is valid until it returns.
    template <class Visit>
    void for_each_of(SubscriberId subscriber, Visit visit) const;

    // Where this subscription stands among those of its subscriber; nothing if there is none.
    std::optional<uint32_t> sequence_of(std::string_view filter, SubscriberId subscriber) const;

    size_t count() const { return entries_.count(); }
    size_t count_of(SubscriberId subscriber) const;
    // All that the tree has allocated, but for what the heap adds to each allocation.
    size_t memory_bytes() const;

private:
    // Where a filter is: in the trie (at a node or below it), or among the hashed ones.
    class Place {
    public:
        Place() = default;
        static Place hashed(uint32_t number) { return Place(number << 2 | 2); }
        static Place in_trie(FilterTrie::Place place) { return Place(place.node << 2 | (place.below ? 1 : 0)); }
        bool is_hashed() const { return (value_ & 2) != 0; }
        uint32_t number() const { return value_ >> 2; }
        FilterTrie::Place trie_place() const { return {value_ >> 2, (value_ & 1) != 0}; }
        uint32_t value() const { return value_; }
        friend bool operator==(Place, Place) = default;

    private:
        explicit Place(uint32_t value) : value_(value) {}
        uint32_t value_ = kNone;
    };

    // Two rings run through the subscriptions: those of one filter and those of one subscriber.
    struct Links {
        uint32_t next = kNone;
        uint32_t previous = kNone;
    };
    struct Entry {
        Subscription subscription;
        Place place;
        Links of_place;
        Links of_subscriber;
    };
    struct Subscriber {
        uint32_t first = kNone;
        uint32_t count = 0;
    };

    Place add_place(std::string_view filter);
    std::optional<Place> find_place(std::string_view filter) const;
    uint32_t find_entry(Place place, SubscriberId subscriber) const;
    void add_entry(Place place, const Subscription& subscription);
    void remove_entry(uint32_t entry);
    void remove_place_if_unused(Place place);
    uint32_t& first_of(Place place);
    uint32_t next_sequence(const Subscriber& subscriber);
    uint32_t entry_hash(Place place, SubscriberId subscriber) const;
    void link(uint32_t& first, uint32_t entry, Links Entry::*links);
    void unlink(uint32_t& first, uint32_t entry, Links Entry::*links);

    void collect(std::string_view topic) const;
    std::string_view filter_of(Place place) const;
    uint32_t first_entry_of(SubscriberId subscriber) const {
        return subscriber < subscribers_.size() ? subscribers_[subscriber].first : kNone;
    }

    uint64_t hash_seed_;
    Pool<Entry> entries_;
    IndexTable entries_by_place_and_subscriber_;
    HashedFilters hashed_;
    FilterTrie trie_;
    std::vector<Subscriber> subscribers_;

    // Scratch space.
    mutable std::vector<uint32_t> matched_;  // The first entries of the filters that match.
    mutable std::string filter_;
};

template <class Gone>
void SubscriptionTree::unsubscribe_all(SubscriberId subscriber, Gone gone) {
    for (uint32_t entry; (entry = first_entry_of(subscriber)) != kNone;) {
        filter_of(entries_[entry].place);
        remove_entry(entry);
        gone(std::string_view(filter_));
    }
}

template <class Visit>
void SubscriptionTree::match(std::string_view topic, Visit visit) const {
    collect(topic);
    for (size_t i = 0; i < matched_.size(); ++i) {
        if (i + 4 < matched_.size()) entries_.prefetch(matched_[i + 4]);
        const uint32_t first = matched_[i];
        uint32_t at = first;
        do {
            const Entry& entry = entries_[at];
            at = entry.of_place.next;
            entries_.prefetch(at);
            visit(entry.subscription);
        } while (at != first);
    }
}

template <class Visit>
void SubscriptionTree::for_each_of(SubscriberId subscriber, Visit visit) const {
    const uint32_t first = first_entry_of(subscriber);
    if (first == kNone) return;
    uint32_t at = first;
    do {
        const Entry& entry = entries_[at];
        visit(filter_of(entry.place), entry.subscription);
        at = entry.of_subscriber.next;
    } while (at != first);
}

}  // namespace runnel::routing

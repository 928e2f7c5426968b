// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/routing/level_texts.h"
#include "broker/routing/pool.h"
#include "broker/routing/slot_table.h"

namespace runnel::routing {

// Topic Filters with wildcards, as many and as different as they may be. A topic moves a frontier of nodes down, level
// by level; nothing recurses. All literal children of all nodes are in one hash table, so a node with millions of them
// costs no more than one with two.
class FilterTrie {
public:
    explicit FilterTrie(uint64_t hash_seed);

    // Where a filter ends: at a node, or below it, which is the filter of the node with /# behind.
    struct Place {
        uint32_t node = kNone;
        bool below = false;
    };

    Place add(std::string_view filter);
    std::optional<Place> find(std::string_view filter) const;
    // Removes the nodes that only led to a filter whose first_of is kNone now.
    void remove(Place place) { remove_nodes_if_unused(place.node); }
    // For the owner: what belongs to the filter. kNone at first.
    uint32_t& first_of(Place place) {
        return place.below ? nodes_[place.node].first_below : nodes_[place.node].first_here;
    }
    uint32_t first_of(Place place) const {
        return place.below ? nodes_[place.node].first_below : nodes_[place.node].first_here;
    }
    void write_text(Place place, std::string& text) const;

    // Appends first_of each filter that matches to `matched`.
    void match(std::string_view topic, std::vector<uint32_t>& matched) const;
    bool empty() const { return nodes_.count() == 1 && nodes_[kRoot].first_below == kNone; }

    size_t memory_bytes() const;

private:
    static constexpr uint32_t kRoot = 0;
    struct Node {
        uint32_t parent = kNone;
        uint32_t text = kNone;  // kNone for +.
        uint32_t plus = kNone;  // The child for +; the others are found in children_.
        uint32_t first_here = kNone;
        uint32_t first_below = kNone;
        uint32_t children = 0;  // Without the one for +.
    };

    uint32_t add_child(uint32_t parent, std::string_view level);
    uint32_t find_child(uint32_t parent, std::string_view level, uint64_t level_hash) const;
    uint32_t find_literal_child(uint32_t parent, std::string_view level, uint32_t hash) const;
    void remove_nodes_if_unused(uint32_t number);
    std::string_view text_of(uint32_t node) const;
    void step(std::string_view level, bool wildcards_match, std::vector<uint32_t>& matched) const;

    uint64_t hash_seed_;
    Pool<Node> nodes_;
    IndexTable children_;
    LevelTexts texts_;
    // Scratch space.
    mutable std::vector<uint32_t> frontier_;
    mutable std::vector<uint32_t> next_frontier_;
};

}  // namespace runnel::routing

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "broker/mqtt/topic.h"
#include "broker/routing/compact_text.h"
#include "broker/routing/pool.h"
#include "broker/routing/slot_table.h"

namespace runnel::routing {

// Topic Filters that one look into a hash table finds: those without wildcards, and those whose wildcards stand where
// few other filters have them differently.
//
// Where the wildcards of a filter stand is its shape. A topic is looked up once for each shape in use, by a hash of the
// levels that this shape does not skip; no two filters of one shape match one topic. There are few shapes in practice,
// and at most kShapesMax here: add() leaves the filters of further ones to somebody else.
class HashedFilters {
public:
    static constexpr uint32_t kShapesMax = 31;

    explicit HashedFilters(uint64_t hash_seed) : hash_seed_(hash_seed) {}

    // kNone if it is not there.
    uint32_t find(std::string_view filter) const;
    // The number of a filter that was not there; kNone if there is no room for its shape.
    uint32_t add(std::string_view filter);
    void remove(uint32_t number);

    std::string_view text_of(uint32_t number) const { return filters_[number].text.view(); }
    // For the owner: what belongs to the filter. kNone at first.
    uint32_t& first_of(uint32_t number) { return filters_[number].first; }

    // Calls found(first) for each filter that matches `topic`; before that likely(first) for each that probably does,
    // so that what belongs to it can be fetched from memory.
    template <class Likely, class Found>
    void match(std::string_view topic, Likely likely, Found found) const;

    size_t memory_bytes() const { return filters_.memory_bytes() + by_hash_.memory_bytes() + heap_bytes_; }

private:
    static constexpr uint32_t kLevelsMax = 64;

    // The levels without a # at the end, and on which of them there is a +. Filters without wildcards have no shape.
    struct Shape {
        uint64_t plus = 0;
        uint32_t levels = 0;
        bool below = false;  // Ends with #.
        friend bool operator==(const Shape&, const Shape&) = default;
    };
    struct UsedShape {
        Shape shape;
        uint32_t filters = 0;  // How many have it; 0: free.
    };
    struct Filter {
        uint32_t first = kNone;
        uint32_t hash = 0;
        CompactText text;
    };
    // The hash of each level of a topic by its position, summed up from the front.
    struct LevelSums {
        std::array<uint64_t, kLevelsMax + 1> sums;
        uint32_t levels = 0;  // One more than kLevelsMax stands for all above.
    };

    static std::optional<Shape> shape_of(std::string_view filter);
    uint32_t find_shape(const Shape& shape) const;
    uint32_t take_shape(const Shape& shape);
    uint32_t exact_hash(std::string_view filter) const;
    void sum_levels(std::string_view text, LevelSums& sums) const;
    uint32_t shaped_hash(uint32_t number, const LevelSums& sums) const;
    uint32_t hash_of(std::string_view filter, uint32_t shape) const;
    static bool literals_match(std::string_view filter, std::string_view topic);
    // Of the shapes that `topic` may match. Starts to fetch their places in by_hash_.
    size_t hash_by_shapes(std::string_view topic, std::array<uint32_t, kShapesMax>& hashes) const;

    uint64_t hash_seed_;
    Pool<Filter> filters_;
    IndexTable by_hash_;
    size_t heap_bytes_ = 0;
    std::array<UsedShape, kShapesMax> shapes_{};
    uint32_t shapes_end_ = 0;  // All from here on are free.
};

template <class Likely, class Found>
void HashedFilters::match(std::string_view topic, Likely likely, Found found) const {
    const auto look_for = [&](uint32_t hash, auto matches) {
        const uint32_t number = by_hash_.find(hash, [&](uint32_t candidate) {
            likely(filters_[candidate].first);
            return matches(text_of(candidate), topic);
        });
        if (number != kNone) found(filters_[number].first);
    };
    const uint32_t exact = exact_hash(topic);
    by_hash_.prefetch(exact);
    if (shapes_end_ != 0) {
        std::array<uint32_t, kShapesMax> hashes;
        const size_t count = hash_by_shapes(topic, hashes);
        for (size_t i = 0; i < count; ++i)
            look_for(hashes[i], literals_match);
    }
    look_for(exact, std::equal_to<>());
}

}  // namespace runnel::routing

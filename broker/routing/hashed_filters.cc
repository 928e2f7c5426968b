// SPDX-License-Identifier: Apache-2.0
#include "broker/routing/hashed_filters.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "broker/base/check.h"
#include "broker/base/hash.h"

namespace runnel::routing {

namespace {

constexpr uint64_t kPositionSalt = 0xd1b54a32d192ed03ULL;
constexpr uint64_t kWordSalt = 0xe7037ed1a0b428dbULL;
constexpr uint64_t kLevelSalt = 0xa0761d6478bd642fULL;
constexpr uint64_t kShapeSalt = 0x9fb21c651e98df25ULL;

// The lowest bits of a hash name the shape, so that filters of different shapes never have the same.
constexpr uint32_t kShapeBits = 31;
constexpr uint32_t kExact = 31;
static_assert(HashedFilters::kShapesMax <= kExact);

uint32_t make_hash(uint64_t hash, uint32_t shape) {
    return (index_hash(hash) & ~kShapeBits) | shape;
}
uint32_t shape_in(uint32_t hash) {
    return hash & kShapeBits;
}

// The next up to eight bytes, the first one lowest, and zeros behind the end. `text` is what they are part of.
uint64_t load_word(std::string_view text, size_t at) {
    const size_t left = text.size() - at;
    uint64_t word = 0;
    if (left >= 8)
        std::memcpy(&word, text.data() + at, 8);
    else if (text.size() < 8)
        std::memcpy(&word, text.data() + at, left);
    else if (left != 0)
        std::memcpy(&word, text.data() + text.size() - 8, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return left >= 8 || left == 0 || text.size() < 8 ? word : word >> (64 - left * 8);
}

// A bit in the first byte that is a slash, and perhaps in others behind it.
uint64_t find_slash(uint64_t word) {
    constexpr uint64_t kOnes = 0x0101010101010101ULL;
    const uint64_t differences = word ^ (kOnes * '/');
    return (differences - kOnes) & ~differences & (kOnes << 7);
}

// Splits a text into its levels and hashes them in one pass, eight bytes at a time.
class LevelHashes {
public:
    explicit LevelHashes(std::string_view text) : text_(text) {}
    bool done() const { return at_ > text_.size(); }
    // The hash of the next level. Not when done.
    uint64_t next(uint64_t seed) {
        const size_t start = at_;
        for (uint64_t state = seed;; at_ += 8) {
            uint64_t word = load_word(text_, at_);
            const uint64_t slash = find_slash(word);
            const size_t left = text_.size() - at_;
            if (slash == 0 && left >= 8) {
                state = hash_mix(state ^ word, kWordSalt);
                continue;
            }
            const size_t size = slash == 0 ? left : static_cast<size_t>(std::countr_zero(slash)) / 8;
            if (slash != 0) word &= (uint64_t{1} << size * 8) - 1;
            at_ += size + 1;
            return hash_mix(state ^ word, kLevelSalt ^ (at_ - start));
        }
    }

private:
    std::string_view text_;
    size_t at_ = 0;  // Behind the end: the last level has been given.
};

}  // namespace

uint32_t HashedFilters::find(std::string_view filter) const {
    uint32_t shape = kExact;
    if (mqtt::has_wildcard(filter)) {
        const std::optional<Shape> wanted = shape_of(filter);
        shape = wanted ? find_shape(*wanted) : kNone;
    }
    if (shape == kNone) return kNone;
    return by_hash_.find(hash_of(filter, shape), [&](uint32_t candidate) { return text_of(candidate) == filter; });
}

uint32_t HashedFilters::add(std::string_view filter) {
    uint32_t shape = kExact;
    if (mqtt::has_wildcard(filter)) {
        const std::optional<Shape> wanted = shape_of(filter);
        shape = wanted ? take_shape(*wanted) : kNone;
    }
    if (shape == kNone) return kNone;
    const uint32_t number = filters_.take();
    Filter& added = filters_[number];
    added.hash = hash_of(filter, shape);
    added.text = CompactText(filter);
    heap_bytes_ += added.text.heap_bytes();
    by_hash_.insert(added.hash, number);
    return number;
}

void HashedFilters::remove(uint32_t number) {
    const Filter& removed = filters_[number];
    const uint32_t shape = shape_in(removed.hash);
    if (shape != kExact) {
        --shapes_[shape].filters;
        while (shapes_end_ != 0 && shapes_[shapes_end_ - 1].filters == 0)
            --shapes_end_;
    }
    heap_bytes_ -= removed.text.heap_bytes();
    by_hash_.erase(removed.hash, number);
    filters_.give_back(number);
}

// Nothing if a + may stand behind the levels that a shape describes.
std::optional<HashedFilters::Shape> HashedFilters::shape_of(std::string_view filter) {
    Shape shape;
    mqtt::Levels levels(filter);
    while (const auto level = levels.next()) {
        if (*level == "#") {
            shape.below = true;
            break;
        }
        if (shape.levels == kLevelsMax) return std::nullopt;
        if (*level == "+") shape.plus |= uint64_t{1} << shape.levels;
        ++shape.levels;
    }
    return shape;
}

uint32_t HashedFilters::find_shape(const Shape& shape) const {
    for (uint32_t number = 0; number < shapes_end_; ++number) {
        if (shapes_[number].filters != 0 && shapes_[number].shape == shape) return number;
    }
    return kNone;
}

// The number of a shape that will have one filter more.
uint32_t HashedFilters::take_shape(const Shape& shape) {
    uint32_t number = find_shape(shape);
    if (number == kNone) {
        number = 0;
        while (number < kShapesMax && shapes_[number].filters != 0)
            ++number;
        if (number == kShapesMax) return kNone;
        shapes_[number].shape = shape;
        if (number == shapes_end_) ++shapes_end_;
    }
    ++shapes_[number].filters;
    return number;
}

uint32_t HashedFilters::exact_hash(std::string_view filter) const {
    return make_hash(hash_bytes(filter, hash_seed_), kExact);
}

void HashedFilters::sum_levels(std::string_view text, LevelSums& sums) const {
    LevelHashes levels(text);
    uint64_t seed = hash_seed_;
    sums.sums[0] = 0;
    for (sums.levels = 0; !levels.done(); ++sums.levels) {
        if (sums.levels == kLevelsMax) break;
        seed += kPositionSalt;
        sums.sums[sums.levels + 1] = sums.sums[sums.levels] + levels.next(seed);
    }
    if (!levels.done()) ++sums.levels;
}

// Of the levels on which the shape has no +.
uint32_t HashedFilters::shaped_hash(uint32_t number, const LevelSums& sums) const {
    const Shape& shape = shapes_[number].shape;
    uint64_t sum = sums.sums[shape.levels];
    for (uint64_t plus = shape.plus; plus != 0; plus &= plus - 1) {
        const int level = std::countr_zero(plus);
        sum -= sums.sums[level + 1] - sums.sums[level];
    }
    return make_hash(hash_mix(sum ^ hash_seed_, kShapeSalt + number), number);
}

uint32_t HashedFilters::hash_of(std::string_view filter, uint32_t shape) const {
    if (shape == kExact) return exact_hash(filter);
    LevelSums sums;
    sum_levels(filter, sums);
    return shaped_hash(shape, sums);
}

// Whether the literal levels of `filter` are those of `topic`, which has as many levels as its shape wants.
bool HashedFilters::literals_match(std::string_view filter, std::string_view topic) {
    for (size_t plus; (plus = filter.find('+')) != std::string_view::npos;) {
        if (topic.substr(0, plus) != filter.substr(0, plus)) return false;
        filter.remove_prefix(plus + 1);
        topic.remove_prefix(std::min(topic.find('/', plus), topic.size()));
    }
    if (!filter.ends_with('#')) return topic == filter;
    filter.remove_suffix(1);
    if (topic.starts_with(filter)) return true;
    return topic.size() + 1 == filter.size() && filter.starts_with(topic);  // "a/#" matches "a".
}

size_t HashedFilters::hash_by_shapes(std::string_view topic, std::array<uint32_t, kShapesMax>& hashes) const {
    LevelSums sums;
    sum_levels(topic, sums);
    const bool is_hidden = topic.starts_with('$');  // From wildcards on the first level [MQTT-4.7.2-1].
    size_t count = 0;
    for (uint32_t number = 0; number < shapes_end_; ++number) {
        const Shape& shape = shapes_[number].shape;
        if (shape.below ? sums.levels < shape.levels : sums.levels != shape.levels) continue;
        if (is_hidden && ((shape.plus & 1) != 0 || shape.levels == 0)) continue;
        hashes[count] = shaped_hash(number, sums);
        by_hash_.prefetch(hashes[count++]);
    }
    return count;
}

}  // namespace runnel::routing

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/hash.h"
#include "broker/routing/compact_text.h"
#include "broker/routing/pool.h"
#include "broker/routing/slot_table.h"

namespace runnel::routing {

// The texts of Topic Levels, each kept once however many nodes of a tree use it.
class LevelTexts {
public:
    // The number of `text`, with one more reference. `hash` is hash_bytes of the text with the owner's seed.
    uint32_t add(std::string_view text, uint64_t hash);
    // Takes a reference back; the text goes with the last one.
    void release(uint32_t number);

    std::string_view operator[](uint32_t number) const { return texts_[number].text.view(); }
    // What the texts that are there need.
    size_t text_bytes() const { return texts_.count() * sizeof(LevelText) + heap_bytes_; }
    size_t memory_bytes() const { return texts_.memory_bytes() + table_.memory_bytes() + heap_bytes_; }

private:
    struct LevelText {
        uint32_t references = 0;
        uint32_t hash = 0;
        CompactText text;
    };

    Pool<LevelText> texts_;
    IndexTable table_;
    size_t heap_bytes_ = 0;
};

// Where a tree of Topic Levels looks for the child of `parent` with the text of `level_hash`.
inline uint32_t child_hash(uint32_t parent, uint64_t level_hash) {
    constexpr uint64_t kSalt = 0x9fb21c651e98df25ULL;
    return index_hash(hash_mix(level_hash ^ parent, kSalt));
}

}  // namespace runnel::routing

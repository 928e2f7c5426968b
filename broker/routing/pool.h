// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "broker/base/check.h"

namespace runnel::routing {

// Elements named by small numbers, in chunks: growing moves nothing and allocates a chunk at a time; chunks that have
// become empty go back to the heap. The lowest free number is used first, so that what remains gathers in few chunks.
template <class T>
class Pool {
public:
    // A new element with its default value.
    uint32_t take() {
        const size_t chunk = open_chunk();
        ChunkState& state = states_[chunk];
        if (state.used == 0) --empty_chunks_;
        size_t word = 0;
        while (state.free[word] == 0)
            ++word;
        const auto bit = static_cast<size_t>(std::countr_zero(state.free[word]));
        state.free[word] &= state.free[word] - 1;
        if (++state.used == kChunkSize) open_[chunk / 64] &= ~(uint64_t{1} << (chunk % 64));
        ++count_;
        return static_cast<uint32_t>(chunk * kChunkSize + word * 64 + bit);
    }

    void give_back(uint32_t number) {
        const size_t chunk = number / kChunkSize;
        const size_t slot = number % kChunkSize;
        chunks_[chunk][slot] = T{};
        ChunkState& state = states_[chunk];
        RUNNEL_CHECK((state.free[slot / 64] >> (slot % 64) & 1) == 0);
        state.free[slot / 64] |= uint64_t{1} << (slot % 64);
        open_[chunk / 64] |= uint64_t{1} << (chunk % 64);
        first_open_ = std::min(first_open_, chunk / 64);
        --count_;
        if (--state.used == 0) became_empty(chunk);
    }

    T& operator[](uint32_t number) { return chunks_[number / kChunkSize][number % kChunkSize]; }
    const T& operator[](uint32_t number) const { return chunks_[number / kChunkSize][number % kChunkSize]; }

    void prefetch(uint32_t number) const { __builtin_prefetch(&(*this)[number]); }

    // Whether `number` names an element now.
    bool contains(uint32_t number) const {
        const size_t chunk = number / kChunkSize;
        const size_t slot = number % kChunkSize;
        return chunk < chunks_.size() && chunks_[chunk] && (states_[chunk].free[slot / 64] >> (slot % 64) & 1) == 0;
    }

    size_t count() const { return count_; }
    size_t memory_bytes() const {
        return chunks_in_use_ * kChunkSize * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]) +
               states_.capacity() * sizeof(ChunkState) + open_.capacity() * sizeof(uint64_t);
    }

private:
    static constexpr size_t kChunkSize = 1024;

    struct ChunkState {
        std::array<uint64_t, kChunkSize / 64> free{};  // A bit for each element.
        uint32_t used = 0;
    };

    // The lowest chunk that has room.
    size_t open_chunk() {
        while (first_open_ < open_.size() && open_[first_open_] == 0)
            ++first_open_;
        if (first_open_ == open_.size()) return add_chunk();
        return first_open_ * 64 + static_cast<size_t>(std::countr_zero(open_[first_open_]));
    }

    size_t add_chunk() {
        size_t chunk = 0;
        while (chunk < chunks_.size() && chunks_[chunk])
            ++chunk;
        if (chunk == chunks_.size()) {
            RUNNEL_CHECK(chunk < (size_t{1} << 30) / kChunkSize);
            chunks_.emplace_back();
            states_.emplace_back();
            if (open_.size() * 64 <= chunk) open_.push_back(0);
        }
        chunks_[chunk] = std::make_unique<T[]>(kChunkSize);
        states_[chunk].free.fill(~uint64_t{0});
        open_[chunk / 64] |= uint64_t{1} << (chunk % 64);
        first_open_ = std::min(first_open_, chunk / 64);
        ++chunks_in_use_;
        ++empty_chunks_;
        return chunk;
    }

    // One empty chunk is kept, so that a count that swings around a multiple of the chunk size costs nothing.
    void became_empty(size_t chunk) {
        if (++empty_chunks_ == 1) return;
        --empty_chunks_;
        --chunks_in_use_;
        chunks_[chunk].reset();
        open_[chunk / 64] &= ~(uint64_t{1} << (chunk % 64));
    }

    std::vector<std::unique_ptr<T[]>> chunks_;  // Null: given back to the heap.
    std::vector<ChunkState> states_;
    std::vector<uint64_t> open_;  // A bit for each chunk that is there and has room.
    size_t first_open_ = 0;       // No word of open_ in front of it has a bit.
    size_t count_ = 0;
    size_t chunks_in_use_ = 0;
    size_t empty_chunks_ = 0;
};

}  // namespace runnel::routing

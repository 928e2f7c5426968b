// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/ring.h"

namespace runnel::shard {

class OutputArena;

// A block of encoded packets. Outputs of many connections refer to parts of it; it is used again when none does.
class Chunk {
public:
    explicit Chunk(uint32_t capacity) : bytes_(new char[capacity]), capacity_(capacity) {}
    const char* at(uint32_t offset) const { return bytes_.get() + offset; }

private:
    friend class OutputArena;
    friend class Output;
    std::unique_ptr<char[]> bytes_;
    uint32_t capacity_;
    uint32_t used_ = 0;
    uint32_t references_ = 0;
};

// A run of bytes in a chunk. Does not keep the chunk: valid for the turn in which it was encoded.
struct Segment {
    Chunk* chunk = nullptr;
    uint32_t begin = 0;
    uint32_t end = 0;
    uint32_t size() const { return end - begin; }
    explicit operator bool() const { return chunk != nullptr; }
};

// Where the packets of a turn are encoded, one after the other. What lies side by side and goes to one connection
// becomes one segment, so that a burst to one subscriber, or the same burst to a thousand, is a single write each,
// out of memory that is still in the cache.
class OutputArena {
public:
    OutputArena() = default;
    OutputArena(const OutputArena&) = delete;
    OutputArena& operator=(const OutputArena&) = delete;
    ~OutputArena();

    // Room for `size` bytes in one piece. Valid until commit, which must follow with at most that size.
    char* reserve(size_t size);
    Segment commit(size_t size);
    Segment append(std::string_view bytes);

    // Encoded bytes since the last turn_ended(): the driver flushes early when this grows large.
    size_t turn_bytes() const { return turn_bytes_; }
    void turn_ended();

private:
    friend class Output;
    static constexpr uint32_t kChunkSize = 256 * 1024;
    static constexpr size_t kSpareChunks = 8;

    void add_reference(Chunk* chunk) { ++chunk->references_; }
    void drop_reference(Chunk* chunk);
    void take_chunk(size_t size);
    void retire(Chunk* chunk);

    Chunk* current_ = nullptr;
    std::vector<Chunk*> filled_;  // In this turn: kept until its end even if nothing refers to them yet.
    std::vector<Chunk*> spare_;
    size_t turn_bytes_ = 0;
};

// What one connection has yet to send, in order.
class Output {
public:
    explicit Output(OutputArena& arena) : arena_(&arena) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() { clear(); }

    size_t bytes() const { return bytes_; }
    bool empty() const { return bytes_ == 0; }

    void append(const Segment& segment) {
        bytes_ += segment.size();
        if (!segments_.empty()) {
            Segment& last = segments_.back();
            if (last.chunk == segment.chunk && last.end == segment.begin) {
                last.end = segment.end;
                return;
            }
        }
        arena_->add_reference(segment.chunk);
        segments_.push_back(segment);
    }
    // Fills `pieces` from the front; returns how many.
    size_t gather(std::span<std::string_view> pieces) const;
    // The first `size` bytes were sent.
    void consume(size_t size);
    // Copies what waits if it is little and would hold large chunks; called when the socket is full.
    void compact();
    void clear();

private:
    static constexpr size_t kCompactBelow = size_t{16} * 1024;

    OutputArena* arena_;
    Ring<Segment> segments_;
    size_t bytes_ = 0;
};

// Outputs that no connection uses at the moment, so that an idle connection owns none.
class OutputPool {
public:
    explicit OutputPool(OutputArena& arena) : arena_(&arena) {}
    std::unique_ptr<Output> take() {
        if (free_.empty()) return std::make_unique<Output>(*arena_);
        auto output = std::move(free_.back());
        free_.pop_back();
        return output;
    }
    void give_back(std::unique_ptr<Output> output) {
        output->clear();
        if (free_.size() < kFreeMax) free_.push_back(std::move(output));
    }

private:
    static constexpr size_t kFreeMax = 256;
    OutputArena* arena_;
    std::vector<std::unique_ptr<Output>> free_;
};

}  // namespace runnel::shard

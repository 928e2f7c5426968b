// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/output.h"

#include <algorithm>
#include <cstring>

namespace runnel::shard {

OutputArena::~OutputArena() {
    turn_ended();
    delete current_;
    for (Chunk* chunk : spare_)
        delete chunk;
}

char* OutputArena::reserve(size_t size) {
    RUNNEL_CHECK(size <= UINT32_MAX / 2);
    if (current_ == nullptr || current_->capacity_ - current_->used_ < size) take_chunk(size);
    return current_->bytes_.get() + current_->used_;
}

Segment OutputArena::commit(size_t size) {
    const uint32_t begin = current_->used_;
    current_->used_ += static_cast<uint32_t>(size);
    RUNNEL_CHECK(current_->used_ <= current_->capacity_);
    turn_bytes_ += size;
    return {current_, begin, current_->used_};
}

Segment OutputArena::append(std::string_view bytes) {
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    return commit(bytes.size());
}

void OutputArena::take_chunk(size_t size) {
    if (current_ != nullptr) {
        add_reference(current_);
        filled_.push_back(std::exchange(current_, nullptr));
    }
    if (size <= kChunkSize && !spare_.empty()) {
        current_ = spare_.back();
        spare_.pop_back();
    } else {
        current_ = new Chunk(std::max(kChunkSize, static_cast<uint32_t>(size)));
    }
    current_->used_ = 0;
}

void OutputArena::retire(Chunk* chunk) {
    if (chunk->capacity_ == kChunkSize && spare_.size() < kSpareChunks)
        spare_.push_back(chunk);
    else
        delete chunk;
}

void OutputArena::drop_reference(Chunk* chunk) {
    RUNNEL_CHECK(chunk->references_ > 0);
    if (--chunk->references_ == 0 && chunk != current_) retire(chunk);
}

void OutputArena::turn_ended() {
    turn_bytes_ = 0;
    for (Chunk* chunk : filled_)
        drop_reference(chunk);
    filled_.clear();
    if (current_ == nullptr || current_->references_ != 0) return;
    current_->used_ = 0;
    if (current_->capacity_ > kChunkSize) delete std::exchange(current_, nullptr);
}

size_t Output::gather(std::span<std::string_view> pieces) const {
    const size_t count = std::min(pieces.size(), segments_.size());
    for (size_t i = 0; i < count; ++i)
        pieces[i] = {segments_[i].chunk->at(segments_[i].begin), segments_[i].size()};
    return count;
}

void Output::consume(size_t size) {
    RUNNEL_CHECK(size <= bytes_);
    bytes_ -= size;
    while (size > 0) {
        Segment& first = segments_.front();
        const size_t part = std::min<size_t>(size, first.size());
        first.begin += static_cast<uint32_t>(part);
        size -= part;
        if (first.size() == 0) arena_->drop_reference(segments_.pop_front().chunk);
    }
}

void Output::compact() {
    if (bytes_ == 0 || bytes_ > kCompactBelow) return;
    auto* own = new Chunk(static_cast<uint32_t>(bytes_));
    while (!segments_.empty()) {
        const Segment segment = segments_.pop_front();
        std::memcpy(own->bytes_.get() + own->used_, segment.chunk->at(segment.begin), segment.size());
        own->used_ += segment.size();
        arena_->drop_reference(segment.chunk);
    }
    arena_->add_reference(own);
    segments_.push_back({own, 0, own->used_});
}

void Output::clear() {
    while (!segments_.empty())
        arena_->drop_reference(segments_.pop_front().chunk);
    bytes_ = 0;
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "broker/base/check.h"

namespace runnel::routing {

// An immutable text of up to 65,535 bytes in 16 bytes; longer than 14 it lies on the heap.
class alignas(char*) CompactText {
public:
    CompactText() = default;
    explicit CompactText(std::string_view text) : size_(static_cast<uint16_t>(text.size())) {
        RUNNEL_CHECK(text.size() <= UINT16_MAX);
        char* target = bytes_;
        if (!is_inline()) {
            target = new char[text.size()];
            std::memcpy(bytes_, &target, sizeof target);
        }
        if (!text.empty()) std::memcpy(target, text.data(), text.size());
    }
    CompactText(CompactText&& other) noexcept { swap(other); }
    CompactText& operator=(CompactText&& other) noexcept {
        CompactText taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~CompactText() {
        if (!is_inline()) delete[] heap();
    }

    std::string_view view() const { return {is_inline() ? bytes_ : heap(), size_}; }
    size_t heap_bytes() const { return is_inline() ? 0 : size_; }

private:
    bool is_inline() const { return size_ <= sizeof bytes_; }
    char* heap() const {
        char* text;
        std::memcpy(&text, bytes_, sizeof text);
        return text;
    }
    void swap(CompactText& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(size_, other.size_);
    }

    char bytes_[14] = {};
    uint16_t size_ = 0;
};
static_assert(sizeof(CompactText) == 16);

}  // namespace runnel::routing

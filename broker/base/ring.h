// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "broker/base/check.h"

namespace runnel {

// A queue in one block that owns no memory while it is empty and has never been used, or has been released. Grows by
// doubling; gives memory back when it empties after having grown large.
template <class T>
class Ring {
public:
    bool empty() const { return size_ == 0; }
    size_t size() const { return size_; }

    T& operator[](size_t index) { return slots_[(first_ + index) & (capacity_ - 1)]; }
    const T& operator[](size_t index) const { return slots_[(first_ + index) & (capacity_ - 1)]; }
    T& front() { return (*this)[0]; }
    const T& front() const { return (*this)[0]; }
    T& back() { return (*this)[size_ - 1]; }

    void push_back(T value) {
        if (size_ == capacity_) resize(capacity_ == 0 ? kFirstCapacity : capacity_ * 2);
        slots_[(first_ + size_) & (capacity_ - 1)] = std::move(value);
        ++size_;
    }
    T pop_front() {
        RUNNEL_CHECK(size_ > 0);
        T value = std::exchange(slots_[first_], T{});
        first_ = (first_ + 1) & (capacity_ - 1);
        if (--size_ == 0 && capacity_ > kKeptCapacity) release();
        return value;
    }
    T pop_back() {
        RUNNEL_CHECK(size_ > 0);
        return std::exchange((*this)[--size_], T{});
    }
    void clear() { release(); }

private:
    static constexpr size_t kFirstCapacity = 4;
    static constexpr size_t kKeptCapacity = 64;

    void release() {
        slots_.reset();
        capacity_ = first_ = size_ = 0;
    }
    void resize(size_t capacity) {
        auto slots = std::make_unique<T[]>(capacity);
        for (size_t i = 0; i < size_; ++i)
            slots[i] = std::move((*this)[i]);
        slots_ = std::move(slots);
        capacity_ = capacity;
        first_ = 0;
    }

    std::unique_ptr<T[]> slots_;
    size_t capacity_ = 0;
    size_t first_ = 0;
    size_t size_ = 0;
};

}  // namespace runnel

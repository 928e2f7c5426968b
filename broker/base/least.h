// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace runnel {

// Of all that is shown to it, the few with the least keys. `Key` is a function from a value to what orders it.
template <class T, class Key>
class Least {
public:
    explicit Least(size_t count_max, Key key = {}) : count_max_(count_max), key_(std::move(key)) {}

    // Whether a value with this key would be kept: only then it need be made.
    template <class K>
    bool wants(const K& key) const {
        if (values_.size() < count_max_) return true;
        return count_max_ != 0 && key < key_(values_.front());
    }
    // It is wanted.
    void add(T value) {
        const auto order = [this](const T& a, const T& b) { return key_(a) < key_(b); };
        values_.push_back(std::move(value));
        std::ranges::push_heap(values_, order);
        if (values_.size() <= count_max_) return;
        std::ranges::pop_heap(values_, order);
        values_.pop_back();
    }
    // The least first.
    std::vector<T> take() {
        std::ranges::sort(values_, {}, key_);
        return std::exchange(values_, {});
    }

private:
    size_t count_max_;
    Key key_;
    std::vector<T> values_;  // A heap, the greatest in front.
};

}  // namespace runnel

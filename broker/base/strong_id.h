// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace runnel {

// A number that cannot be mistaken for another kind of number.
template <class Tag, class T>
struct StrongId {
    T value{};
    friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

}  // namespace runnel

template <class Tag, class T>
struct std::hash<runnel::StrongId<Tag, T>> {
    size_t operator()(const runnel::StrongId<Tag, T>& id) const noexcept { return std::hash<T>{}(id.value); }
};

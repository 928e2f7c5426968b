// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <variant>

#include "broker/base/check.h"

namespace runnel {

// A value, or the reason why there is none.
template <class T, class E>
class Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    const T& operator*() const& {
        RUNNEL_CHECK(*this);
        return *std::get_if<0>(&state_);
    }
    T& operator*() & {
        RUNNEL_CHECK(*this);
        return *std::get_if<0>(&state_);
    }
    T&& operator*() && {
        RUNNEL_CHECK(*this);
        return std::move(*std::get_if<0>(&state_));
    }
    const T* operator->() const { return &**this; }
    T* operator->() { return &**this; }
    const E& error() const {
        RUNNEL_CHECK(!*this);
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, E> state_;
};

}  // namespace runnel

// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace runnel {

// Prints where and what, then aborts. For our own mistakes only; what a peer sends is never checked this way.
[[noreturn]] void check_failed(const char* what, const char* file, int line);

}  // namespace runnel

// Stays on in release builds.
#define RUNNEL_CHECK(condition)                                  \
    (__builtin_expect(static_cast<bool>(condition), 1) ? (void)0 \
                                                       : ::runnel::check_failed(#condition, __FILE__, __LINE__))

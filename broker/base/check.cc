// SPDX-License-Identifier: Apache-2.0
#include "broker/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace runnel {

void check_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, what);
    std::abort();
}

}  // namespace runnel

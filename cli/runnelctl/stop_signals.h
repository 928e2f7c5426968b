// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

namespace runnel::ctl {

// Turns SIGINT and SIGTERM into a readable descriptor, as long as it lives, so that poll sees them.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    int descriptor() const { return descriptor_; }

private:
    sigset_t before_{};
    int descriptor_ = -1;
};

}  // namespace runnel::ctl

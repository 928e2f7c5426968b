// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace runnel::ctl {

StopSignals::StopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    descriptor_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

StopSignals::~StopSignals() {
    // What has been seen must not kill the program now.
    signalfd_siginfo seen;
    while (descriptor_ >= 0 && read(descriptor_, &seen, sizeof seen) > 0) {
    }
    if (descriptor_ >= 0) close(descriptor_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace runnel::ctl

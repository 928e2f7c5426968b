// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <mutex>
#include <utility>
#include <vector>

#include "broker/net/envelope.h"

namespace runnel::net {

// What other threads have for an event loop, in the order it came. Any thread posts; the loop takes.
class Mailbox {
public:
    // `wake_up` belongs to the loop.
    explicit Mailbox(uv_async_t& wake_up) : wake_up_(&wake_up) {}

    void post(Envelope envelope) {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            if (closed_) return;
            first = envelopes_.empty();
            envelopes_.push_back(std::move(envelope));
        }
        if (first) uv_async_send(wake_up_);
    }
    std::vector<Envelope> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(envelopes_, {});
    }
    // Nobody will take any more: later envelopes are dropped.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }

private:
    std::mutex mutex_;
    std::vector<Envelope> envelopes_;
    bool closed_ = false;
    uv_async_t* wake_up_;
};

}  // namespace runnel::net

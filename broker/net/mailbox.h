// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <atomic>
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

    // `size`: bytes of messages in the envelope.
    void post(Envelope envelope, size_t size = 0) {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            if (closed_) return;
            first = envelopes_.empty();
            envelopes_.push_back(std::move(envelope));
        }
        if (size != 0) size_.fetch_add(size, std::memory_order_relaxed);
        if (first) uv_async_send(wake_up_);
    }
    std::vector<Envelope> take() {
        const std::lock_guard lock(mutex_);
        size_.store(0, std::memory_order_relaxed);
        return std::exchange(envelopes_, {});
    }
    // Whether the loop is so far behind that nothing more should be read that might go to it.
    bool is_full() const { return size_.load(std::memory_order_relaxed) > kSizeMax; }
    // Nobody will take any more: later envelopes are dropped.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }

private:
    static constexpr size_t kSizeMax = 8 << 20;

    std::mutex mutex_;
    std::atomic<size_t> size_{0};
    std::vector<Envelope> envelopes_;
    bool closed_ = false;
    uv_async_t* wake_up_;
};

}  // namespace runnel::net

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "broker/base/check.h"

namespace runnel::net {

// What is slow, a password hash or the disk, done for an event loop by libuv's thread pool, which nothing else uses.
class WorkQueue {
public:
    // More than this should not wait for a thread.
    static constexpr uint32_t kOpenMax = 1000;

    explicit WorkQueue(uv_loop_t& loop) : loop_(loop) {}
    // `work` is called by a thread of the pool, then `done` by that of the loop.
    void add(std::function<void()> work, std::function<void()> done) {
        ++open_;
        auto one = std::make_unique<Work>(Work{{}, this, std::move(work), std::move(done)});
        one->request.data = one.get();
        const auto carry_out = [](uv_work_t* request) { static_cast<Work*>(request->data)->carry_out(); };
        const auto end = [](uv_work_t* request, int) {
            const std::unique_ptr<Work> self(static_cast<Work*>(request->data));
            --self->queue->open_;
            self->done();
        };
        RUNNEL_CHECK(uv_queue_work(&loop_, &one.release()->request, carry_out, end) == 0);
    }
    // What is not done; the loop must not end before.
    uint32_t open() const { return open_; }
    bool is_full() const { return open_ >= kOpenMax; }

private:
    struct Work {
        uv_work_t request;
        WorkQueue* queue;
        std::function<void()> carry_out;
        std::function<void()> done;
    };

    uv_loop_t& loop_;
    uint32_t open_ = 0;
};

}  // namespace runnel::net

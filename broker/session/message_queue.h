// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "broker/base/ring.h"
#include "broker/session/delivery.h"
#include "broker/session/extra_room.h"

namespace runnel::session {

// Deliveries that wait, in order, with their bytes counted. Who fills it keeps the limits.
class MessageQueue {
public:
    bool empty() const { return deliveries_.empty(); }
    size_t size() const { return deliveries_.size(); }
    uint64_t bytes() const { return bytes_; }

    void push_back(Delivery delivery) {
        bytes_ += delivery.message->memory_size();
        deliveries_.push_back(std::move(delivery));
    }
    const Delivery& front() const { return deliveries_.front(); }
    Delivery& operator[](size_t index) { return deliveries_[index]; }
    const Delivery& operator[](size_t index) const { return deliveries_[index]; }
    Delivery pop_front() {
        Delivery delivery = deliveries_.pop_front();
        bytes_ -= delivery.message->memory_size();
        extra_.shrink_to(size(), bytes_);
        return delivery;
    }
    // Whether one more delivery of this size would pass a limit; a limit of 0 is none.
    bool is_full(uint64_t more_bytes, uint32_t messages_max, uint64_t bytes_max) const {
        return (messages_max != 0 && size() >= messages_max + extra_.messages) ||
               (bytes_max != 0 && bytes_ + more_bytes > bytes_max + extra_.bytes);
    }
    ExtraRoom& extra_room() { return extra_; }

private:
    Ring<Delivery> deliveries_;
    uint64_t bytes_ = 0;
    ExtraRoom extra_;
};

}  // namespace runnel::session

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace runnel::net {

// How many connections there may be at a time, of one listener or of the broker. Shared by all loops.
class ConnectionCount {
public:
    explicit ConnectionCount(uint32_t maximum) : maximum_(maximum) {}  // 0 = no limit.
    bool take() {
        const uint32_t now = count_.fetch_add(1, std::memory_order_relaxed) + 1;
        if (maximum_ == 0 || now <= maximum_) return true;
        give_back();
        return false;
    }
    void give_back() { count_.fetch_sub(1, std::memory_order_relaxed); }
    uint32_t value() const { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<uint32_t> count_{0};
    uint32_t maximum_;
};

// One counted connection; gives its places back when it goes, however it goes.
class CountedConnection {
public:
    CountedConnection() = default;
    CountedConnection(CountedConnection&& other) noexcept
        : listener_(std::exchange(other.listener_, nullptr)), broker_(std::exchange(other.broker_, nullptr)) {}
    CountedConnection& operator=(CountedConnection&& other) noexcept {
        std::swap(listener_, other.listener_);
        std::swap(broker_, other.broker_);
        return *this;
    }
    ~CountedConnection() {
        if (listener_ != nullptr) listener_->give_back();
        if (broker_ != nullptr) broker_->give_back();
    }
    // False if one of the two is full. Both outlive every connection.
    bool take(ConnectionCount& listener, ConnectionCount& broker) {
        if (!listener.take()) return false;
        listener_ = &listener;
        if (!broker.take()) return false;
        broker_ = &broker;
        return true;
    }

private:
    ConnectionCount* listener_ = nullptr;
    ConnectionCount* broker_ = nullptr;
};

}  // namespace runnel::net

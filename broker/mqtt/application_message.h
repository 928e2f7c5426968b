// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "broker/base/time.h"
#include "broker/mqtt/types.h"

namespace runnel::mqtt {

class MessageRef;

// What is published, apart from any packet: immutable once made, shared by reference count between queues, Retained
// Messages and shards. One allocation holds the object and all its texts.
class ApplicationMessage {
public:
    struct Fields {
        std::string_view topic;
        std::string_view payload;
        // Encoded Payload Format Indicator, Response Topic, Correlation Data, Content Type and User Properties, as
        // received and in that order: what must be forwarded unchanged [MQTT-3.3.2-4] [MQTT-3.3.2-15] to
        // [MQTT-3.3.2-20].
        std::string_view forwarded_properties;
        std::string_view publisher;  // Client Identifier; empty for the broker's own messages.
        QoS qos = QoS::AtMostOnce;
        bool retain = false;
        std::optional<uint32_t> message_expiry_interval;  // Seconds, as received.
        Time received_at;
        uint64_t history_number = 0;  // Names it, with its time, among the messages that are kept; 0 = it is not.
    };

    static MessageRef make(const Fields& fields);

    std::string_view topic() const { return {texts(), topic_size_}; }
    std::string_view payload() const { return {texts() + topic_size_, payload_size_}; }
    std::string_view forwarded_properties() const { return {texts() + topic_size_ + payload_size_, properties_size_}; }
    std::string_view publisher() const {
        return {texts() + topic_size_ + payload_size_ + properties_size_, publisher_size_};
    }
    QoS qos() const { return qos_; }
    bool retain() const { return retain_; }
    Time received_at() const { return received_at_; }
    uint64_t history_number() const { return history_number_; }
    bool has_expiry() const { return has_expiry_; }
    uint32_t message_expiry_interval() const { return message_expiry_interval_; }
    // Never early: the message is expired when the whole interval has passed [MQTT-3.3.2-5].
    bool is_expired(Time now) const {
        return has_expiry_ && now - received_at_ >= Duration::seconds(message_expiry_interval_);
    }
    // The interval less the time waited here, in whole seconds [MQTT-3.3.2-6].
    uint32_t remaining_expiry(Time now) const {
        const int64_t waited = (now - received_at_).ms / 1000;
        return waited >= message_expiry_interval_ ? 0 : message_expiry_interval_ - static_cast<uint32_t>(waited);
    }
    // Bytes this message takes in memory; what queue limits count.
    size_t memory_size() const {
        return sizeof *this + topic_size_ + payload_size_ + properties_size_ + publisher_size_;
    }

    ApplicationMessage(const ApplicationMessage&) = delete;
    ApplicationMessage& operator=(const ApplicationMessage&) = delete;

private:
    friend class MessageRef;
    ApplicationMessage() = default;
    ~ApplicationMessage() = default;

    const char* texts() const { return reinterpret_cast<const char*>(this + 1); }

    mutable std::atomic<uint32_t> references_{1};
    uint32_t payload_size_ = 0;
    uint32_t properties_size_ = 0;
    uint32_t message_expiry_interval_ = 0;
    uint16_t topic_size_ = 0;
    uint16_t publisher_size_ = 0;
    QoS qos_ = QoS::AtMostOnce;
    bool retain_ = false;
    bool has_expiry_ = false;
    Time received_at_;
    uint64_t history_number_ = 0;
};

// Shares ownership of one ApplicationMessage; may be handed to another thread.
class MessageRef {
public:
    MessageRef() = default;
    MessageRef(const MessageRef& other) : message_(other.message_) {
        if (message_ != nullptr) message_->references_.fetch_add(1, std::memory_order_relaxed);
    }
    MessageRef(MessageRef&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
    MessageRef& operator=(MessageRef other) noexcept {
        std::swap(message_, other.message_);
        return *this;
    }
    ~MessageRef() {
        if (message_ != nullptr && message_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
    }

    const ApplicationMessage* operator->() const { return message_; }
    const ApplicationMessage& operator*() const { return *message_; }
    const ApplicationMessage* get() const { return message_; }
    explicit operator bool() const { return message_ != nullptr; }

private:
    friend class ApplicationMessage;
    explicit MessageRef(const ApplicationMessage* adopted) : message_(adopted) {}
    void destroy() noexcept;

    const ApplicationMessage* message_ = nullptr;
};

}  // namespace runnel::mqtt

// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/application_message.h"

#include <cstring>
#include <new>

namespace runnel::mqtt {
namespace {

char* append(char* to, std::string_view text) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

}  // namespace

MessageRef ApplicationMessage::make(const Fields& fields) {
    const size_t size = sizeof(ApplicationMessage) + fields.topic.size() + fields.payload.size() +
                        fields.forwarded_properties.size() + fields.publisher.size();
    auto* message = new (::operator new(size)) ApplicationMessage;
    message->topic_size_ = static_cast<uint16_t>(fields.topic.size());
    message->payload_size_ = static_cast<uint32_t>(fields.payload.size());
    message->properties_size_ = static_cast<uint32_t>(fields.forwarded_properties.size());
    message->publisher_size_ = static_cast<uint16_t>(fields.publisher.size());
    message->qos_ = fields.qos;
    message->retain_ = fields.retain;
    message->has_expiry_ = fields.message_expiry_interval.has_value();
    message->message_expiry_interval_ = fields.message_expiry_interval.value_or(0);
    message->received_at_ = fields.received_at;
    message->history_number_ = fields.history_number;
    char* to = reinterpret_cast<char*>(message + 1);
    to = append(to, fields.topic);
    to = append(to, fields.payload);
    to = append(to, fields.forwarded_properties);
    append(to, fields.publisher);
    return MessageRef(message);
}

void MessageRef::destroy() noexcept {
    message_->~ApplicationMessage();
    ::operator delete(const_cast<ApplicationMessage*>(message_));
}

}  // namespace runnel::mqtt

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "broker/mqtt/application_message.h"

namespace runnel::shard {

// The block of a MessagesForwarded: for each message a ForwardRecord in the host's byte order, then topic, payload,
// forwarded properties and publisher without anything between them. Within one process only; no version.
struct ForwardRecord {
    uint32_t payload_size = 0;
    uint32_t properties_size = 0;
    uint32_t message_expiry_interval = 0;
    uint16_t topic_size = 0;
    uint16_t publisher_size = 0;
    uint8_t qos = 0;
    uint8_t has_expiry = 0;
    int64_t received_at_ms = 0;
    uint64_t history_number = 0;
};

// Messages larger than this travel by reference instead: copying would cost more than sharing.
constexpr size_t kForwardCopyMax = 4096;

inline void append_forwarded(std::string& batch, const mqtt::ApplicationMessage::Fields& fields) {
    ForwardRecord record;
    record.payload_size = static_cast<uint32_t>(fields.payload.size());
    record.properties_size = static_cast<uint32_t>(fields.forwarded_properties.size());
    record.message_expiry_interval = fields.message_expiry_interval.value_or(0);
    record.topic_size = static_cast<uint16_t>(fields.topic.size());
    record.publisher_size = static_cast<uint16_t>(fields.publisher.size());
    record.qos = static_cast<uint8_t>(fields.qos);
    record.has_expiry = fields.message_expiry_interval.has_value();
    record.received_at_ms = fields.received_at.ms;
    record.history_number = fields.history_number;
    batch.append(reinterpret_cast<const char*>(&record), sizeof record);
    batch.append(fields.topic).append(fields.payload).append(fields.forwarded_properties).append(fields.publisher);
}

// Calls visit(const ApplicationMessage::Fields&) for each message; the texts point into the batch.
template <class Visit>
void for_each_forwarded(std::string_view batch, Visit visit) {
    const auto take = [&batch](size_t size) {
        const std::string_view part = batch.substr(0, size);
        batch.remove_prefix(size);
        return part;
    };
    while (!batch.empty()) {
        ForwardRecord record;
        std::memcpy(&record, take(sizeof record).data(), sizeof record);
        mqtt::ApplicationMessage::Fields fields;
        fields.topic = take(record.topic_size);
        fields.payload = take(record.payload_size);
        fields.forwarded_properties = take(record.properties_size);
        fields.publisher = take(record.publisher_size);
        fields.qos = static_cast<mqtt::QoS>(record.qos);
        if (record.has_expiry != 0) fields.message_expiry_interval = record.message_expiry_interval;
        fields.received_at = Time{record.received_at_ms};
        fields.history_number = record.history_number;
        visit(fields);
    }
}

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#include "broker/history/record.h"

#include <algorithm>
#include <bit>

#include "broker/session/record.h"

namespace runnel::history {

using session::RecordReader;
using session::RecordWriter;

namespace {

void write_double(RecordWriter& writer, double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8)
        writer.byte(static_cast<uint8_t>(bits >> shift));
}

double read_double(RecordReader& reader) {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 8)
        bits |= uint64_t{reader.byte()} << shift;
    return std::bit_cast<double>(bits);
}

void write_id(RecordWriter& writer, api::HistoryId id) {
    writer.number(static_cast<uint64_t>(id.time_ms));
    writer.number(id.number);
}

api::HistoryId read_id(RecordReader& reader) {
    const auto time_ms = static_cast<int64_t>(reader.number());
    return {time_ms, reader.number()};
}

}  // namespace

void encode(const mqtt::ApplicationMessage::Fields& message, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.text(message.topic);
    writer.text(message.payload);
    writer.text(message.forwarded_properties);
    writer.text(message.publisher);
    writer.byte(static_cast<uint8_t>(static_cast<unsigned>(message.qos) | (message.retain ? 4u : 0u) |
                                     (message.message_expiry_interval ? 8u : 0u)));
    writer.number(message.message_expiry_interval.value_or(0));
}

std::optional<api::HistoryMessage> decode_message(api::HistoryId id, std::string_view record) {
    RecordReader reader(record);
    if (reader.byte() != kRecordVersion) return std::nullopt;
    api::HistoryMessage message;
    message.id = id;
    message.topic = reader.text();
    message.payload = reader.text();
    message.forwarded_properties = reader.text();
    message.publisher = reader.text();
    const uint8_t flags = reader.byte();
    if ((flags & 3) == 3) return std::nullopt;
    message.qos = static_cast<mqtt::QoS>(flags & 3);
    message.retain = (flags & 4) != 0;
    const auto expiry = static_cast<uint32_t>(reader.number());
    if ((flags & 8) != 0) message.message_expiry_interval = expiry;
    return reader.failed() ? std::nullopt : std::optional(std::move(message));
}

std::optional<std::string_view> topic_of(std::string_view record) {
    RecordReader reader(record);
    if (reader.byte() != kRecordVersion) return std::nullopt;
    const std::string_view topic = reader.text();
    return reader.failed() ? std::nullopt : std::optional(topic);
}

void BucketPart::add(double value, api::HistoryId id) {
    add(BucketPart{1, value, value, value, value, id});
}

void BucketPart::add(const BucketPart& other) {
    if (count == 0) {
        *this = other;
        return;
    }
    count += other.count;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    sum += other.sum;
    if (other.last_id < last_id) return;
    last = other.last;
    last_id = other.last_id;
}

void encode(const BucketPart& part, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.number(part.count);
    for (const double value : {part.min, part.max, part.sum, part.last})
        write_double(writer, value);
    write_id(writer, part.last_id);
}

std::optional<BucketPart> decode_bucket(std::string_view record) {
    RecordReader reader(record);
    if (reader.byte() != kRecordVersion) return std::nullopt;
    BucketPart part;
    part.count = reader.number();
    for (double* value : {&part.min, &part.max, &part.sum, &part.last})
        *value = read_double(reader);
    part.last_id = read_id(reader);
    return reader.failed() || part.count == 0 ? std::nullopt : std::optional(part);
}

void encode(const KeeperMark& mark, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.number(static_cast<uint64_t>(mark.keep_ms));
    writer.number(static_cast<uint64_t>(mark.keep_buckets_ms));
    writer.number(mark.max_bytes);
    writer.byte(mark.counts ? 1 : 0);
    write_id(writer, mark.counted_to);
    writer.number(mark.bytes);
}

std::optional<KeeperMark> decode_mark(std::string_view record) {
    RecordReader reader(record);
    if (reader.byte() != kRecordVersion) return std::nullopt;
    KeeperMark mark;
    mark.keep_ms = static_cast<int64_t>(reader.number());
    mark.keep_buckets_ms = static_cast<int64_t>(reader.number());
    mark.max_bytes = reader.number();
    mark.counts = reader.byte() != 0;
    mark.counted_to = read_id(reader);
    mark.bytes = reader.number();
    return reader.failed() ? std::nullopt : std::optional(mark);
}

}  // namespace runnel::history

// SPDX-License-Identifier: Apache-2.0
#include "broker/session/stored_session.h"

#include "broker/session/record.h"

namespace runnel::session {
namespace {

uint8_t byte_of(const mqtt::SubscriptionOptions& options) {
    return static_cast<uint8_t>(static_cast<unsigned>(options.qos) | (options.no_local ? 4u : 0u) |
                                (options.retain_as_published ? 8u : 0u) |
                                static_cast<unsigned>(options.retain_handling) << 4);
}

mqtt::SubscriptionOptions options_of(uint8_t byte) {
    mqtt::SubscriptionOptions options;
    options.qos = static_cast<mqtt::QoS>(byte & 3);
    options.no_local = (byte & 4) != 0;
    options.retain_as_published = (byte & 8) != 0;
    options.retain_handling = static_cast<mqtt::RetainHandling>(byte >> 4 & 3);
    return options;
}

void write(RecordWriter& writer, const Will& will) {
    writer.text(will.topic);
    writer.text(will.payload);
    writer.text(will.forwarded_properties);
    writer.byte(
        static_cast<uint8_t>(static_cast<unsigned>(will.qos) | (will.retain ? 4u : 0u) | (will.has_expiry ? 8u : 0u)));
    writer.number(will.message_expiry_interval);
    writer.number(will.delay_interval);
}

Will read_will(RecordReader& reader) {
    Will will;
    will.topic = reader.text();
    will.payload = reader.text();
    will.forwarded_properties = reader.text();
    const uint8_t flags = reader.byte();
    will.qos = static_cast<mqtt::QoS>(flags & 3);
    will.retain = (flags & 4) != 0;
    will.has_expiry = (flags & 8) != 0;
    will.message_expiry_interval = static_cast<uint32_t>(reader.number());
    will.delay_interval = static_cast<uint32_t>(reader.number());
    return will;
}

bool is_known(RecordReader& reader) {
    return reader.byte() == kRecordVersion && !reader.failed();
}

}  // namespace

void encode(const StoredSession& session, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.text(session.user_name);
    writer.byte(static_cast<uint8_t>((session.anonymous ? 1u : 0u) | (session.disconnected_at_ms ? 2u : 0u) |
                                     (session.will ? 4u : 0u)));
    writer.number(session.expiry_interval);
    writer.number(static_cast<uint64_t>(session.disconnected_at_ms.value_or(0)));
    if (session.will) write(writer, *session.will);
    writer.number(session.shared.size());
    for (const SharedMembership& membership : session.shared) {
        writer.text(membership.share_name);
        writer.text(membership.filter);
        writer.byte(byte_of(membership.options));
        writer.number(membership.subscription_identifier);
        writer.number(membership.sequence);
    }
}

std::optional<StoredSession> decode_session(std::string_view record) {
    RecordReader reader(record);
    if (!is_known(reader)) return std::nullopt;
    StoredSession session;
    session.user_name = reader.text();
    const uint8_t flags = reader.byte();
    session.anonymous = (flags & 1) != 0;
    session.expiry_interval = static_cast<uint32_t>(reader.number());
    const auto disconnected_at = static_cast<int64_t>(reader.number());
    if ((flags & 2) != 0) session.disconnected_at_ms = disconnected_at;
    if ((flags & 4) != 0) session.will = read_will(reader);
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
        SharedMembership membership;
        membership.share_name = reader.text();
        membership.filter = reader.text();
        membership.options = options_of(reader.byte());
        membership.subscription_identifier = static_cast<uint32_t>(reader.number());
        membership.sequence = static_cast<uint32_t>(reader.number());
        session.shared.push_back(std::move(membership));
    }
    if (reader.failed()) return std::nullopt;
    return session;
}

void encode(const StoredSubscription& subscription, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.byte(byte_of(subscription.options));
    writer.number(subscription.subscription_identifier);
    writer.number(subscription.order);
}

std::optional<StoredSubscription> decode_subscription(std::string_view record) {
    RecordReader reader(record);
    if (!is_known(reader)) return std::nullopt;
    StoredSubscription subscription;
    subscription.options = options_of(reader.byte());
    subscription.subscription_identifier = static_cast<uint32_t>(reader.number());
    subscription.order = reader.number();
    if (reader.failed()) return std::nullopt;
    return subscription;
}

void encode(const StoredWindow& window, std::string& out) {
    RecordWriter writer(out);
    writer.byte(kRecordVersion);
    writer.number(window.queue_first);
    writer.number(window.window.size());
    for (const StoredWindow::Entry& entry : window.window) {
        writer.number(entry.number);
        writer.number(entry.packet_identifier);
        writer.byte(static_cast<uint8_t>(entry.state));
    }
    writer.number(window.taken.size());
    for (const uint64_t number : window.taken)
        writer.number(number);
    writer.number(window.received.size());
    for (const mqtt::PacketIdentifier identifier : window.received)
        writer.number(identifier);
}

std::optional<StoredWindow> decode_window(std::string_view record) {
    RecordReader reader(record);
    if (!is_known(reader)) return std::nullopt;
    StoredWindow window;
    window.queue_first = reader.number();
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
        StoredWindow::Entry entry;
        entry.number = reader.number();
        entry.packet_identifier = static_cast<mqtt::PacketIdentifier>(reader.number());
        entry.state = static_cast<OutboundWindow::State>(reader.byte());
        window.window.push_back(entry);
    }
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left)
        window.taken.push_back(reader.number());
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left)
        window.received.push_back(static_cast<mqtt::PacketIdentifier>(reader.number()));
    if (reader.failed()) return std::nullopt;
    return window;
}

void encode_segment(std::span<const uint64_t> sizes, std::string_view deliveries, std::string& out) {
    RecordWriter writer(out);
    out.reserve(out.size() + deliveries.size() + 3 * sizes.size() + 8);
    writer.byte(kRecordVersion);
    writer.number(sizes.size());
    for (const uint64_t size : sizes)
        writer.number(size - sizeof(mqtt::ApplicationMessage));
    out.append(deliveries);
}

std::optional<StoredSegment> decode_segment(std::string_view record) {
    RecordReader reader(record);
    if (!is_known(reader)) return std::nullopt;
    StoredSegment segment;
    const uint64_t count = reader.number();
    if (count > record.size()) return std::nullopt;
    segment.sizes.reserve(count);
    for (uint64_t left = count; left > 0 && !reader.failed(); --left)
        segment.sizes.push_back(reader.number() + sizeof(mqtt::ApplicationMessage));
    segment.deliveries = reader.rest();
    if (reader.failed()) return std::nullopt;
    return segment;
}

void encode_message(const mqtt::ApplicationMessage& message, WallClock clock, std::string& out) {
    RecordWriter writer(out);
    writer.byte(static_cast<uint8_t>(static_cast<unsigned>(message.qos()) | (message.retain() ? 4u : 0u) |
                                     (message.has_expiry() ? 8u : 0u)));
    writer.text(message.topic());
    writer.text(message.payload());
    writer.text(message.forwarded_properties());
    writer.text(message.publisher());
    writer.number(static_cast<uint64_t>(clock.wall_ms(message.received_at())));
    if (message.has_expiry()) writer.number(message.message_expiry_interval());
}

mqtt::MessageRef decode_message(RecordReader& reader, WallClock clock) {
    mqtt::ApplicationMessage::Fields fields;
    const uint8_t flags = reader.byte();
    fields.qos = static_cast<mqtt::QoS>(flags & 3);
    fields.retain = (flags & 4) != 0;
    fields.topic = reader.text();
    fields.payload = reader.text();
    fields.forwarded_properties = reader.text();
    fields.publisher = reader.text();
    fields.received_at = clock.time(static_cast<int64_t>(reader.number()));
    if ((flags & 8) != 0) fields.message_expiry_interval = static_cast<uint32_t>(reader.number());
    if (reader.failed() || fields.topic.size() > 65'535 || fields.publisher.size() > 65'535) return {};
    return mqtt::ApplicationMessage::make(fields);
}

void encode_delivery(const Delivery& delivery, WallClock clock, std::string& out) {
    RecordWriter writer(out);
    const bool shared = delivery.origin.is_shared();
    writer.byte(
        static_cast<uint8_t>(static_cast<unsigned>(delivery.qos) | (delivery.retain ? 4u : 0u) | (shared ? 8u : 0u)));
    if (shared) writer.number(delivery.origin.sequence);
    const auto identifiers = delivery.subscription_identifiers.all();
    writer.number(identifiers.size());
    for (const uint32_t identifier : identifiers)
        writer.number(identifier);
    encode_message(*delivery.message, clock, out);
}

std::optional<Delivery> decode_delivery(RecordReader& reader, WallClock clock) {
    Delivery delivery;
    const uint8_t flags = reader.byte();
    delivery.qos = static_cast<mqtt::QoS>(flags & 3);
    delivery.retain = (flags & 4) != 0;
    if ((flags & 8) != 0) delivery.origin.sequence = static_cast<uint32_t>(reader.number());
    std::vector<uint32_t> identifiers;
    for (uint64_t left = reader.number(); left > 0 && !reader.failed(); --left)
        identifiers.push_back(static_cast<uint32_t>(reader.number()));
    delivery.subscription_identifiers = SubscriptionIdentifiers(std::move(identifiers));
    delivery.message = decode_message(reader, clock);
    if (!delivery.message) return std::nullopt;
    return delivery;
}

}  // namespace runnel::session

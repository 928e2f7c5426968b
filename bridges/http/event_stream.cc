// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/event_stream.h"

#include <algorithm>
#include <optional>

#include "broker/api/history.h"
#include "broker/base/base64.h"
#include "broker/base/json.h"
#include "broker/mqtt/encoder.h"
#include "broker/mqtt/text.h"

namespace runnel::http {
namespace {

using mqtt::PropertyId;

constexpr mqtt::DecodeLimits kLimits{UINT32_MAX};

void write_head(const Response& response, const Headers& more, std::string_view body, bool has_end, std::string& out) {
    append_head(out, response.status, {&response.headers, &more});
    if (has_end) append_field(out, "Content-Length", std::to_string(body.size()));
    append_field(out, "Connection", "close");
    out.append("\r\n").append(body);
}

Response head_of(std::string_view content_type) {
    Response head;
    head.headers.add("Content-Type", std::string(content_type));
    head.headers.add("Cache-Control", "no-store");
    head.headers.add("X-Accel-Buffering", "no");
    return head;
}

// User Properties as a list of pairs, since names may repeat and order counts.
void append_user_properties(const mqtt::Publish& publish, std::string& out) {
    out += '[';
    publish.properties.for_each_user_property([&](std::string_view name, std::string_view value) {
        if (name == api::kHistoryId) return;
        out += out.ends_with('[') ? "[" : ",[";
        append_json_string(out, name);
        out += ',';
        append_json_string(out, value);
        out += ']';
    });
    out += ']';
}

void append_properties(const mqtt::Publish& publish, std::string& out) {
    const mqtt::Properties& properties = publish.properties;
    JsonObject object(out);
    const auto text = [&](const char* name, PropertyId id) {
        if (properties.has(id)) object.text(name, properties.text(id));
    };
    const auto number = [&](const char* name, PropertyId id) {
        if (properties.has(id)) object.number(name, properties.number(id));
    };
    text("content_type", PropertyId::ContentType);
    text("response_topic", PropertyId::ResponseTopic);
    if (properties.has(PropertyId::CorrelationData))
        object.text("correlation_data", encode_base64(properties.text(PropertyId::CorrelationData)));
    number("payload_format_indicator", PropertyId::PayloadFormatIndicator);
    number("message_expiry_interval", PropertyId::MessageExpiryInterval);
    std::string user_properties;
    append_user_properties(publish, user_properties);
    if (user_properties != "[]") object.member("user_properties") += user_properties;
}

std::string json_of(const mqtt::Publish& publish, std::string_view id) {
    std::string text;
    {
        JsonObject object(text);
        object.text("topic", publish.topic);
        if (mqtt::is_valid_utf8(publish.payload))
            object.text("payload", publish.payload);
        else
            object.text("payload_base64", encode_base64(publish.payload));
        object.boolean("retain", publish.retain);
        std::string properties;
        append_properties(publish, properties);
        if (properties != "{}") object.member("properties") += properties;
        if (!id.empty()) object.text("id", id);
    }
    return text;
}

}  // namespace

bool EventStream::received(std::string_view, std::string& inside, std::string&) {
    if (!opened_) open(inside);
    opened_ = true;
    return true;
}

// A time limit is a Keep Alive that the client lets pass: one and a half times it ends the connection [MQTT-3.1.2-22].
void EventStream::open(std::string& inside) const {
    mqtt::Connect connect;
    connect.keep_alive = static_cast<uint16_t>((request_.timeout * 2u + 2) / 3);
    mqtt::encode(connect, inside);
    mqtt::Subscribe subscribe;
    subscribe.packet_identifier = 1;
    for (const std::string& filter : request_.filters) {
        mqtt::SubscriptionRequest one;
        one.filter = filter;
        one.options.retain_as_published = true;
        if (!request_.replay_since.empty()) one.options.retain_handling = mqtt::RetainHandling::SendNever;
        subscribe.requests.push_back(one);
    }
    std::string properties;
    mqtt::append_user_property(properties, api::kHistoryIds, "true");
    if (!request_.replay_since.empty())
        mqtt::append_user_property(properties, api::kReplaySince, request_.replay_since);
    subscribe.properties.set_encoded(properties, true);
    mqtt::encode(subscribe, mqtt::ProtocolVersion::V5, inside);
}

void EventStream::wrap(std::span<const std::string_view> inside, std::string& outside) {
    for (const std::string_view piece : inside)
        packets_.append(piece);
    size_t taken = 0;
    mqtt::Frame frame;
    while (!finished_) {
        const auto* begin = reinterpret_cast<const uint8_t*>(packets_.data()) + taken;
        if (mqtt::read_frame({begin, packets_.size() - taken}, UINT32_MAX, frame) != mqtt::FrameState::Complete) break;
        taken += frame.size;
        take(frame, outside);
    }
    packets_.erase(0, taken);
    if (request_.format == EventFormat::Array && count_ != 0) finish(outside);
}

void EventStream::take(const mqtt::Frame& frame, std::string& outside) {
    switch (frame.type()) {
        case mqtt::PacketType::Connack: {
            mqtt::Connack connack;
            if (!mqtt::decode_connack(frame, mqtt::ProtocolVersion::V5, connack) && mqtt::is_error(connack.reason))
                refuse(connack.reason, outside);
            return;
        }
        case mqtt::PacketType::Suback: return subscribed(frame, outside);
        case mqtt::PacketType::Publish: return show(frame, outside);
        case mqtt::PacketType::Disconnect: return finish(outside);
        default: return;
    }
}

void EventStream::subscribed(const mqtt::Frame& frame, std::string& outside) {
    mqtt::SubscriptionAck ack;
    if (mqtt::decode_subscription_ack(frame, mqtt::ProtocolVersion::V5, ack)) return;
    const auto refused =
        std::ranges::find_if(ack.reasons, [](mqtt::ReasonCode reason) { return mqtt::is_error(reason); });
    if (refused != ack.reasons.end()) return refuse(*refused, outside);
    if (request_.format == EventFormat::Array) return;
    const bool events = request_.format == EventFormat::Events;
    write_head(head_of(events ? "text/event-stream" : "application/x-ndjson"), request_.answer_fields,
               events ? "retry: 2000\n\n" : "", false, outside);
    head_written_ = true;
}

void EventStream::show(const mqtt::Frame& frame, std::string& outside) {
    mqtt::Publish publish;
    if (mqtt::decode_publish(frame, mqtt::ProtocolVersion::V5, kLimits, publish)) return;
    std::string_view kept_as;
    publish.properties.for_each_user_property([&](std::string_view name, std::string_view value) {
        if (name == api::kHistoryId)
            kept_as = value;  // The last one is the broker's; a client may have set one before it.
    });
    const bool is_kept = !kept_as.empty();
    if (is_kept) request_.cursor.shown(kept_as);
    const std::string id = is_kept ? request_.cursor.text() : std::string();
    const std::string json = json_of(publish, id);
    ++count_;
    switch (request_.format) {
        case EventFormat::Events:
            if (is_kept) outside += "id: " + id + "\n";
            outside += "data: " + json + "\n\n";
            break;
        case EventFormat::Lines: outside += json + "\n"; break;
        case EventFormat::Array: array_.append(count_ == 1 ? "" : ",\n").append(json); break;
    }
    if (count_ == request_.count_max) finish(outside);
}

void EventStream::refuse(mqtt::ReasonCode reason, std::string& outside) {
    if (finished_) return;
    finished_ = true;
    if (head_written_) return;
    const bool is_forbidden = reason == mqtt::ReasonCode::NotAuthorized;
    const bool is_busy = reason == mqtt::ReasonCode::ServerBusy || reason == mqtt::ReasonCode::ServerUnavailable ||
                         reason == mqtt::ReasonCode::QuotaExceeded;
    const Response answer =
        problem(is_forbidden ? 403
                : is_busy    ? 503
                             : 422,
                "subscription-refused", "The subscription was refused: " + std::string(mqtt::name_of(reason)) + ".");
    write_head(answer, request_.answer_fields, answer.body, true, outside);
}

void EventStream::finish(std::string& outside) {
    if (std::exchange(finished_, true) || request_.format != EventFormat::Array) return;
    write_head(head_of("application/json"), request_.answer_fields, "[" + array_ + "]\n", true, outside);
}

// A comment, which no reader sees. NDJSON has nothing like it.
void EventStream::show_life(std::string& outside) {
    if (head_written_ && !finished_ && request_.format == EventFormat::Events) outside += ":\n\n";
}

void EventStream::close(std::string& outside) {
    if (!head_written_) finish(outside);
}

}  // namespace runnel::http

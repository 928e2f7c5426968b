// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/publish_request.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "broker/base/base64.h"
#include "broker/mqtt/properties.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"

namespace runnel::http {
namespace {

using mqtt::PropertyId;

constexpr size_t kTextMax = 65'535;
constexpr size_t kUserPropertiesMax = 64 << 10;  // All of one message, encoded.
constexpr std::string_view kHeaderPrefix = "MQTT-";

std::string quoted(std::string_view name) {
    return "\"" + std::string(name) + "\"";
}

RequestFault read_number(std::string_view name, std::string_view text, uint32_t max, std::optional<uint32_t>& number) {
    if (number) return quoted(name) + " is there twice.";
    uint32_t read = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, read);
    if (text.empty() || result.ec != std::errc() || result.ptr != end || read > max)
        return quoted(name) + " must be a number from 0 to " + std::to_string(max) + ".";
    number = read;
    return std::nullopt;
}

RequestFault read_flag(std::string_view name, std::string_view text, std::optional<bool>& flag) {
    if (flag) return quoted(name) + " is there twice.";
    if (text != "true" && text != "false" && text != "1" && text != "0")
        return quoted(name) + " must be true or false.";
    flag = text == "true" || text == "1";
    return std::nullopt;
}

// "MQTT-Message-Expiry-Interval" is "message_expiry_interval".
std::string option_of(std::string_view header) {
    std::string name(header.substr(kHeaderPrefix.size()));
    std::ranges::transform(name, name.begin(), [](char c) {
        if (c == '-') return '_';
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

}  // namespace

RequestFault PublishOptions::set(std::string_view name, std::string_view value) {
    if (name == "qos") return read_number(name, value, 2, qos_);
    if (name == "retain") return read_flag(name, value, retain_);
    if (name == "message_expiry_interval")
        return read_number(name, value, std::numeric_limits<uint32_t>::max(), message_expiry_interval_);
    if (name == "payload_format_indicator") return read_number(name, value, 1, payload_format_indicator_);
    if (name == "content_type") return set_text(content_type_, name, value);
    if (name == "response_topic") {
        if (!mqtt::is_valid_topic_name(value)) return quoted(name) + " must be a Topic Name, without wildcards.";
        return set_text(response_topic_, name, value);
    }
    if (name == "correlation_data") {
        if (correlation_) return quoted(name) + " is there twice.";
        correlation_ = decode_base64(value);
        if (!correlation_ || correlation_->size() > kTextMax)
            return quoted(name) + " must be base64 of at most 65535 bytes.";
        return std::nullopt;
    }
    if (name == "user_property") {
        const size_t equals = value.find('=');
        if (equals == std::string_view::npos) return quoted(name) + " must be name=value.";
        return add_user_property(value.substr(0, equals), value.substr(equals + 1));
    }
    return quoted(name) +
           " is not known here. There are qos, retain, message_expiry_interval, payload_format_indicator, "
           "content_type, "
           "response_topic, correlation_data and user_property.";
}

RequestFault PublishOptions::set_text(std::optional<std::string>& text, std::string_view name, std::string_view value) {
    if (text) return quoted(name) + " is there twice.";
    if (value.size() > kTextMax || !mqtt::is_valid_text(value))
        return quoted(name) + " must be UTF-8 of at most 65535 bytes.";
    text = value;
    return std::nullopt;
}

RequestFault PublishOptions::add_user_property(std::string_view name, std::string_view value) {
    const bool fits = name.size() <= kTextMax && value.size() <= kTextMax &&
                      user_properties_.size() + name.size() + value.size() <= kUserPropertiesMax;
    if (!fits || !mqtt::is_valid_text(name) || !mqtt::is_valid_text(value))
        return std::string("A User Property must be UTF-8, and all of them together at most 64 KiB.");
    mqtt::append_user_property(user_properties_, name, value);
    return std::nullopt;
}

void PublishOptions::write_to(api::LocalPublish& publish) const {
    publish.qos = static_cast<mqtt::QoS>(qos_.value_or(1));
    publish.retain = retain_.value_or(false);
    publish.message_expiry_interval = message_expiry_interval_;
    std::string& block = publish.encoded_properties;
    if (payload_format_indicator_)
        mqtt::append_byte_property(block, PropertyId::PayloadFormatIndicator,
                                   static_cast<uint8_t>(*payload_format_indicator_));
    if (response_topic_) mqtt::append_text_property(block, PropertyId::ResponseTopic, *response_topic_);
    if (correlation_) mqtt::append_text_property(block, PropertyId::CorrelationData, *correlation_);
    if (content_type_) mqtt::append_text_property(block, PropertyId::ContentType, *content_type_);
    block += user_properties_;
}

RequestFault read_idempotency_key(const Request& request, std::string& key) {
    constexpr size_t kSizeMax = 255;
    const std::string* field = request.headers.find("Idempotency-Key");
    if (field == nullptr) return std::nullopt;
    std::string_view text = *field;
    if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
    const bool is_visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"'; });
    if (text.empty() || text.size() > kSizeMax || !is_visible || request.headers.count("Idempotency-Key") != 1)
        return std::string("Idempotency-Key must be there once, with 1 to 255 visible ASCII characters.");
    key = text;
    return std::nullopt;
}

RequestFault read_options(const Request& request, PublishOptions& options) {
    for (const auto& [name, value] : request.query)
        if (auto fault = options.set(name, value)) return fault;
    for (const Header& field : request.headers.fields()) {
        if (!equals_ignoring_case(std::string_view(field.name).substr(0, kHeaderPrefix.size()), kHeaderPrefix))
            continue;
        if (auto fault = options.set(option_of(field.name), field.value)) return fault;
    }
    const std::string* type = request.headers.find("Content-Type");
    if (type == nullptr || options.has_content_type()) return std::nullopt;
    return options.set("content_type", *type);
}

}  // namespace runnel::http

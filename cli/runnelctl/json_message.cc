// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/json_message.h"

#include <optional>
#include <utility>
#include <vector>

#include "broker/base/base64.h"
#include "broker/base/json.h"
#include "broker/mqtt/text.h"
#include "cli/runnelctl/clock.h"

namespace runnel::ctl {

using mqtt::PropertyId;

namespace {

// A name that appears once has its value, one that appears more often the list of its values.
void append_user_properties(std::string& out, const mqtt::Properties& properties) {
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> names;
    properties.for_each_user_property([&](std::string_view name, std::string_view value) {
        for (auto& [known, values] : names)
            if (known == name) return values.push_back(value);
        names.push_back({name, {value}});
    });
    JsonObject object(out);
    for (const auto& [name, values] : names) {
        if (values.size() == 1) {
            object.text(name, values.front());
            continue;
        }
        char separator = '[';
        object.member(name);
        for (const std::string_view value : values) {
            out += separator;
            append_json_string(out, value);
            separator = ',';
        }
        out += ']';
    }
}

void append_subscription_identifiers(JsonObject& object, const mqtt::Properties& properties) {
    std::string list;
    bool is_several = false;
    properties.for_each_subscription_identifier([&](uint32_t number) {
        is_several = !list.empty();
        if (is_several) list += ',';
        list += std::to_string(number);
    });
    std::string& value = object.member("subscription-identifier");
    value += is_several ? '[' + list + ']' : list;
}

// A string under `name` if it is text, otherwise base64 under `base64_name`.
void append_text_or_base64(JsonObject& object, const char* name, const char* base64_name, std::string_view bytes) {
    if (mqtt::is_valid_utf8(bytes))
        object.text(name, bytes);
    else
        object.text(base64_name, encode_base64(bytes));
}

void append_properties(std::string& out, const mqtt::Properties& properties) {
    JsonObject object(out);
    const auto number = [&](const char* name, PropertyId id) {
        if (properties.has(id)) object.number(name, properties.number(id));
    };
    const auto text = [&](const char* name, PropertyId id) {
        if (properties.has(id)) object.text(name, properties.text(id));
    };
    if (properties.has(PropertyId::UserProperty)) append_user_properties(object.member("user-properties"), properties);
    text("content-type", PropertyId::ContentType);
    if (properties.has(PropertyId::CorrelationData))
        append_text_or_base64(object, "correlation-data", "correlation-data-base64",
                              properties.text(PropertyId::CorrelationData));
    text("response-topic", PropertyId::ResponseTopic);
    number("payload-format-indicator", PropertyId::PayloadFormatIndicator);
    number("message-expiry-interval", PropertyId::MessageExpiryInterval);
    number("topic-alias", PropertyId::TopicAlias);
    if (properties.has(PropertyId::SubscriptionIdentifier)) append_subscription_identifiers(object, properties);
}

}  // namespace

bool append_json_message(std::string& out, const mqtt::Publish& message, const timespec& received_at,
                         JsonPayload payload) {
    std::optional<std::string> value;
    if (payload == JsonPayload::Value) {
        value = compact_json(message.payload);
        if (!value) return false;
    }
    const std::string micros = nanoseconds_text(received_at).substr(0, 6);
    JsonObject object(out);
    object.text("tst", clock_text(("%Y-%m-%dT%H:%M:%S." + micros + "%z").c_str(), received_at));
    object.text("topic", message.topic);
    object.number("qos", static_cast<int>(message.qos));
    object.number("retain", message.retain ? 1 : 0);
    object.number("payloadlen", message.payload.size());
    if (message.qos != mqtt::QoS::AtMostOnce) object.number("mid", message.packet_identifier);
    if (!message.properties.empty()) append_properties(object.member("properties"), message.properties);
    if (value)
        object.member("payload") += *value;
    else
        append_text_or_base64(object, "payload", "payload_base64", message.payload);
    return true;
}

}  // namespace runnel::ctl

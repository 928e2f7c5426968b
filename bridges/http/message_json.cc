// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/message_json.h"

#include <utility>

#include "broker/base/base64.h"
#include "broker/base/json.h"
#include "broker/base/json_value.h"

namespace runnel::http {
namespace {

RequestFault wrong(std::string_view name, std::string_view expected) {
    return "\"" + std::string(name) + "\" must be " + std::string(expected) + ".";
}

RequestFault read_user_properties(const JsonValue& value, PublishOptions& options) {
    for (const auto& [name, text] : value.members()) {
        if (text.if_text() == nullptr) return wrong("user_properties", "texts by name, or a list of pairs of texts");
        if (auto fault = options.add_user_property(name, *text.if_text())) return fault;
    }
    for (const JsonValue& pair : value.elements()) {
        const JsonValue::Elements& parts = pair.elements();
        if (parts.size() != 2 || parts[0].if_text() == nullptr || parts[1].if_text() == nullptr)
            return wrong("user_properties", "texts by name, or a list of pairs of texts");
        if (auto fault = options.add_user_property(*parts[0].if_text(), *parts[1].if_text())) return fault;
    }
    return std::nullopt;
}

// A text as it is; a number or a boolean as it stands in the JSON.
RequestFault set_option(std::string_view compact, std::string_view name, const JsonValue& value,
                        PublishOptions& options) {
    if (const std::string* text = value.if_text()) return options.set(name, *text);
    return options.set(name, json_member(compact, name));
}

RequestFault read_properties(std::string_view compact, const JsonValue& properties, PublishOptions& options) {
    if (!properties.is_object()) return wrong("properties", "an object");
    for (const auto& [name, value] : properties.members()) {
        if (name == "user_properties") {
            if (auto fault = read_user_properties(value, options)) return fault;
        } else if (name == "qos" || name == "retain") {
            return "\"" + name + "\" stands beside \"properties\", not in it.";
        } else if (auto fault = set_option(compact, name, value, options)) {
            return fault;
        }
    }
    return std::nullopt;
}

RequestFault read_payload(std::string_view compact, const std::string& name, const JsonValue& value,
                          api::LocalPublish& publish) {
    if (name == "payload_json") {
        publish.payload = json_member(compact, name);
        return std::nullopt;
    }
    const std::string* text = value.if_text();
    if (text == nullptr) return wrong(name, "a string; \"payload_json\" takes any value");
    if (name == "payload") {
        publish.payload = *text;
        return std::nullopt;
    }
    auto bytes = decode_base64(*text);
    if (!bytes) return wrong(name, "base64");
    publish.payload = *std::move(bytes);
    return std::nullopt;
}

}  // namespace

RequestFault read_message(std::string_view compact, api::LocalPublish& publish) {
    const auto value = JsonValue::parse(compact);
    if (!value || !value->is_object()) return std::string("A message must be a JSON object.");
    PublishOptions options;
    size_t payloads = 0;
    bool has_topic = false;
    for (const auto& [name, member] : value->members()) {
        RequestFault fault;
        if (name == "topic") {
            has_topic = member.if_text() != nullptr;
            publish.topic = member.text();
        } else if (name == "payload" || name == "payload_base64" || name == "payload_json") {
            ++payloads;
            fault = read_payload(compact, name, member, publish);
        } else if (name == "properties") {
            fault = read_properties(json_member(compact, name), member, options);
        } else if (name == "qos" || name == "retain") {
            fault = set_option(compact, name, member, options);
        } else {
            fault = "\"" + name +
                    "\" is not known here. There are topic, payload, payload_base64, payload_json, qos, "
                    "retain and properties.";
        }
        if (fault) return fault;
    }
    if (!has_topic) return wrong("topic", "there, as a text");
    if (payloads > 1) return std::string("Only one of payload, payload_base64 and payload_json may be there.");
    options.write_to(publish);
    return std::nullopt;
}

}  // namespace runnel::http

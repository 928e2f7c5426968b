// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridges/http/message.h"
#include "broker/api/local_client.h"

namespace runnel::http {

// What is wrong with a request, and the mend; nothing if it is right.
using RequestFault = std::optional<std::string>;

// The options of a publish, as texts from a query, header fields or JSON. Each may be set once.
class PublishOptions {
public:
    // "qos", "retain", "message_expiry_interval", "payload_format_indicator", "content_type", "response_topic",
    // "correlation_data" (base64); and "user_property" ("name=value"), which may be there many times.
    RequestFault set(std::string_view name, std::string_view value);
    RequestFault add_user_property(std::string_view name, std::string_view value);
    bool has_content_type() const { return content_type_.has_value(); }
    // `publish` has topic and payload.
    void write_to(api::LocalPublish& publish) const;

private:
    RequestFault set_text(std::optional<std::string>& text, std::string_view name, std::string_view value);

    std::optional<uint32_t> qos_;
    std::optional<bool> retain_;
    std::optional<uint32_t> message_expiry_interval_;
    std::optional<uint32_t> payload_format_indicator_;
    std::optional<std::string> content_type_;
    std::optional<std::string> response_topic_;
    std::optional<std::string> correlation_;
    std::string user_properties_;  // Encoded.
};

// The options in a query ("?message_expiry_interval=60") and in header fields ("MQTT-Message-Expiry-Interval: 60");
// Content-Type is the Content Type.
// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), with or without quotes; empty if there is none.
RequestFault read_idempotency_key(const Request& request, std::string& key);
RequestFault read_options(const Request& request, PublishOptions& options);

}  // namespace runnel::http

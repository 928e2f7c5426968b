// SPDX-License-Identifier: Apache-2.0
#include "bridges/websocket/handshake.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "bridges/websocket/websocket_filter.h"
#include "broker/base/check.h"

namespace runnel::websocket {
namespace {

using api::UpgradeAnswer;
using api::UpgradeRequest;

constexpr size_t kKeySize = 24;  // 16 bytes in base64.

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::vector<std::string_view> values_of(const UpgradeRequest& request, std::string_view name) {
    std::vector<std::string_view> values;
    for (const auto& [header, value] : request.headers)
        if (equals_ignoring_case(header, name)) values.push_back(value);
    return values;
}

// The elements of a header field that may be a list over several lines (RFC 9110 section 5.6.1).
std::vector<std::string_view> list_of(const UpgradeRequest& request, std::string_view name) {
    std::vector<std::string_view> elements;
    for (std::string_view value : values_of(request, name)) {
        while (true) {
            const size_t comma = value.find(',');
            std::string_view element = value.substr(0, comma);
            while (!element.empty() && (element.front() == ' ' || element.front() == '\t'))
                element.remove_prefix(1);
            while (!element.empty() && (element.back() == ' ' || element.back() == '\t'))
                element.remove_suffix(1);
            if (!element.empty()) elements.push_back(element);
            if (comma == std::string_view::npos) break;
            value.remove_prefix(comma + 1);
        }
    }
    return elements;
}

bool lists(const UpgradeRequest& request, std::string_view name, std::string_view token) {
    return std::ranges::any_of(list_of(request, name),
                               [&](std::string_view element) { return equals_ignoring_case(element, token); });
}

bool is_key(std::string_view key) {
    if (key.size() != kKeySize) return false;
    std::array<unsigned char, kKeySize> bytes{};
    return key.ends_with("==") && EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(key.data()),
                                                  static_cast<int>(key.size())) == 18;
}

// Section 4.2.2, 5.4.
std::string accept_for(std::string_view key) {
    std::string text(key);
    text.append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    RUNNEL_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
    std::array<unsigned char, 4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<size_t>(length)};
}

UpgradeAnswer refusal(int status, std::string detail) {
    UpgradeAnswer answer;
    answer.status = status;
    answer.detail = std::move(detail);
    return answer;
}

// Section 4.2.1.
std::optional<UpgradeAnswer> fault_in(const UpgradeRequest& request) {
    if (request.method != "GET" || request.is_http_1_0) return refusal(400, "a WebSocket begins with GET and HTTP/1.1");
    if (!lists(request, "Connection", "upgrade"))
        return refusal(400, "a WebSocket begins with \"Connection: Upgrade\"");
    const auto versions = values_of(request, "Sec-WebSocket-Version");
    if (versions.size() != 1 || versions.front() != "13") {
        UpgradeAnswer answer = refusal(426, "the WebSocket version must be 13");
        answer.headers = {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
        return answer;
    }
    const auto keys = values_of(request, "Sec-WebSocket-Key");
    if (keys.size() != 1 || !is_key(keys.front()))
        return refusal(400, "Sec-WebSocket-Key must be there once, with 16 bytes in base64");
    return std::nullopt;
}

// A page of this host, or one that is allowed by name.
bool is_welcome(const UpgradeRequest& request, const std::vector<std::string>& origins) {
    const auto origin = values_of(request, "Origin");
    if (origin.empty()) return true;
    if (origin.size() != 1) return false;
    for (const std::string& allowed : origins)
        if (allowed == "*" || equals_ignoring_case(allowed, origin.front())) return true;
    const auto host = values_of(request, "Host");
    const size_t scheme = origin.front().find("://");
    return host.size() == 1 && scheme != std::string_view::npos &&
           equals_ignoring_case(origin.front().substr(scheme + 3), host.front());
}

// The first that the client lists and we know (section 4.2.2); MQTT-6.0.0-3 asks the client for "mqtt".
std::string_view protocol_of(const UpgradeRequest& request) {
    for (const std::string_view offered : list_of(request, "Sec-WebSocket-Protocol"))
        for (const std::string_view known : {"mqtt", "mqttv3.1"})
            if (offered == known) return known;
    return {};
}

}  // namespace

UpgradeAnswer Handshake::upgrade(const UpgradeRequest& request) const {
    if (!lists(request, "Upgrade", "websocket")) {
        UpgradeAnswer answer = refusal(426, "MQTT is spoken here over WebSocket: ask with \"Upgrade: websocket\"");
        answer.headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
        return answer;
    }
    if (auto fault = fault_in(request)) return *std::move(fault);
    if (!is_welcome(request, settings_.origins))
        return refusal(403, "pages of this origin may not connect: websocket.origins allows more");
    const std::string_view protocol = protocol_of(request);
    if (protocol.empty()) return refusal(400, "Sec-WebSocket-Protocol must name the subprotocol \"mqtt\"");
    UpgradeAnswer answer;
    answer.headers = {{"Upgrade", "websocket"},
                      {"Connection", "Upgrade"},
                      {"Sec-WebSocket-Accept", accept_for(values_of(request, "Sec-WebSocket-Key").front())},
                      {"Sec-WebSocket-Protocol", std::string(protocol)}};
    answer.filter = std::make_unique<WebSocketFilter>(settings_.frame_size_max);
    return answer;
}

}  // namespace runnel::websocket

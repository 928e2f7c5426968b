// SPDX-License-Identifier: Apache-2.0
// The opening handshake of RFC 6455 section 4.2.
#include "bridges/websocket/handshake.h"

#include <doctest/doctest.h>

using namespace runnel;
using namespace runnel::websocket;

namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

// The example of RFC 6455 section 1.3, for MQTT.
Headers good() {
    return {{"Host", "plant.example:8080"},        {"Upgrade", "websocket"},
            {"Connection", "keep-alive, Upgrade"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
            {"Sec-WebSocket-Protocol", "mqtt"},    {"Sec-WebSocket-Version", "13"}};
}

// With this header field instead, or without it.
Headers good_but(std::string_view name, std::string_view value) {
    Headers headers = good();
    std::erase_if(headers, [&](const auto& header) { return header.first == name; });
    if (!value.empty()) headers.emplace_back(name, value);
    return headers;
}

api::UpgradeAnswer asked(const Headers& headers, std::vector<std::string> origins = {},
                         std::string_view method = "GET") {
    return Handshake({.origins = std::move(origins)}).upgrade({method, false, headers});
}

std::string header_of(const api::UpgradeAnswer& answer, std::string_view name) {
    for (const auto& [header, value] : answer.headers)
        if (header == name) return value;
    return {};
}

}  // namespace

TEST_CASE("handshake: what it has to be") {
    const api::UpgradeAnswer answer = asked(good());
    CHECK(answer.status == 101);
    CHECK(answer.filter != nullptr);
    CHECK(header_of(answer, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(header_of(answer, "Sec-WebSocket-Protocol") == "mqtt");
    CHECK(header_of(answer, "Upgrade") == "websocket");
    CHECK(header_of(answer, "Connection") == "Upgrade");
}

TEST_CASE("handshake: names and tokens in any case, lists in any form") {
    CHECK(asked(good_but("Upgrade", "h2c, WebSocket")).status == 101);
    CHECK(asked(good_but("Connection", "UPGRADE")).status == 101);
    CHECK(header_of(asked(good_but("Sec-WebSocket-Protocol", "soap , mqttv3.1,mqtt")), "Sec-WebSocket-Protocol") ==
          "mqttv3.1");
    Headers two_lines = good_but("Sec-WebSocket-Protocol", "soap");
    two_lines.emplace_back("sec-websocket-protocol", "mqtt");
    CHECK(asked(two_lines).status == 101);
}

TEST_CASE("handshake: what is refused, and how") {
    CHECK(asked(good(), {}, "POST").status == 400);
    CHECK(Handshake({}).upgrade({"GET", true, good()}).status == 400);
    CHECK(asked(good_but("Upgrade", "")).status == 426);
    CHECK(header_of(asked(good_but("Upgrade", "h2c")), "Upgrade") == "websocket");
    CHECK(asked(good_but("Connection", "")).status == 400);
    CHECK(asked(good_but("Connection", "keep-alive")).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Version", "")).status == 426);
    CHECK(header_of(asked(good_but("Sec-WebSocket-Version", "8")), "Sec-WebSocket-Version") == "13");
    CHECK(asked(good_but("Sec-WebSocket-Key", "")).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ==")).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ!!")).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSBh")).status == 400);
    Headers two_keys = good();
    two_keys.emplace_back("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(asked(two_keys).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Protocol", "")).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Protocol", "soap")).status == 400);
    CHECK(asked(good_but("Sec-WebSocket-Protocol", "MQTT")).status == 400);
}

TEST_CASE("handshake: pages of this host and of listed origins may connect") {
    const auto from = [](std::string_view origin, std::vector<std::string> origins = {}) {
        return asked(good_but("Origin", origin), std::move(origins)).status;
    };
    CHECK(from("http://plant.example:8080") == 101);
    CHECK(from("https://PLANT.example:8080") == 101);
    CHECK(from("http://plant.example") == 403);
    CHECK(from("http://evil.example") == 403);
    CHECK(from("null") == 403);
    CHECK(from("http://evil.example", {"https://dash.example"}) == 403);
    CHECK(from("https://dash.example", {"https://dash.example"}) == 101);
    CHECK(from("http://dash.example", {"https://dash.example"}) == 403);
    CHECK(from("http://evil.example", {"*"}) == 101);
    Headers two = good_but("Origin", "http://plant.example:8080");
    two.emplace_back("Origin", "http://plant.example:8080");
    CHECK(asked(two).status == 403);
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runnel::server {

// Where a listener listens.
struct ListenAddress {
    std::string host;   // An IPv4 or IPv6 address or a host name; empty for a Unix socket.
    uint16_t port = 0;  // 0 = any free one.
    std::string path;   // Of the Unix socket; empty for TCP.
    bool is_unix() const { return !path.empty(); }
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

inline constexpr std::string_view kListenAddressForms = "host:port, [IPv6 address]:port or unix:/path";

// Nothing unless the text has one of the forms above. IPv6 addresses come out in their shortest form, so that equal
// ones are equal.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

// Whom the address of a client ("192.0.2.7:51234", "[2001:db8::7]:51234") stands for where somebody is to be bounded:
// the host; for IPv6 its /64, of which every customer has all.
std::string network_of(std::string_view address);

}  // namespace runnel::server

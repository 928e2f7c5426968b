// SPDX-License-Identifier: Apache-2.0
#include "broker/server/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace runnel::server {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr size_t kUnixPathMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr size_t kHostNameMax = 253;

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

std::optional<std::string> shortest_ipv6(const std::string& text) {
    in6_addr address{};
    std::array<char, INET6_ADDRSTRLEN> shortest{};
    if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
    if (inet_ntop(AF_INET6, &address, shortest.data(), shortest.size()) == nullptr) return std::nullopt;
    return std::string(shortest.data());
}

bool is_host_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
           c == '_';
}

// A text of digits and dots can only be meant as an address.
bool is_ipv4_or_name(const std::string& host) {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) == 1) return true;
    const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
    return !numeric && !host.empty() && host.size() <= kHostNameMax && host.front() != '-' && host.front() != '.' &&
           std::ranges::all_of(host, is_host_character);
}

std::optional<ListenAddress> parse_unix(std::string_view path) {
    const bool valid = path.size() > 1 && path.front() == '/' && path.size() <= kUnixPathMax &&
                       path.find('\0') == std::string_view::npos;
    if (!valid) return std::nullopt;
    return ListenAddress{.host = {}, .port = 0, .path = std::string(path)};
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with(kUnixPrefix)) return parse_unix(text.substr(kUnixPrefix.size()));
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_port(text.substr(colon + 1));
    std::string host(text.substr(0, colon));
    if (!port || host.find('\0') != std::string::npos) return std::nullopt;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        auto shortest = shortest_ipv6(host.substr(1, host.size() - 2));
        if (!shortest) return std::nullopt;
        return ListenAddress{.host = std::move(*shortest), .port = *port, .path = {}};
    }
    if (!is_ipv4_or_name(host)) return std::nullopt;
    return ListenAddress{.host = std::move(host), .port = *port, .path = {}};
}

std::string network_of(std::string_view address) {
    constexpr size_t kNetworkSize = 8;
    const std::string_view host = address.substr(0, address.rfind(':'));
    in6_addr whole{};
    const bool is_ipv6 = host.starts_with('[') && host.ends_with(']') &&
                         inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &whole) == 1;
    if (!is_ipv6 || IN6_IS_ADDR_V4MAPPED(&whole)) return std::string(host);
    std::fill(std::begin(whole.s6_addr) + kNetworkSize, std::end(whole.s6_addr), uint8_t{0});
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, &whole, text.data(), text.size());
    return std::string(text.data()) + "/64";
}

}  // namespace runnel::server

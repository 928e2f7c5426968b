// SPDX-License-Identifier: Apache-2.0
#include "broker/net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace runnel::net {
namespace {

const sockaddr_in& v4(const sockaddr_storage& address) {
    return reinterpret_cast<const sockaddr_in&>(address);
}
const sockaddr_in6& v6(const sockaddr_storage& address) {
    return reinterpret_cast<const sockaddr_in6&>(address);
}

}  // namespace

std::string text_of(const sockaddr_storage& address) {
    char host[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4(address).sin_addr, host, sizeof host);
        return std::string(host) + ":" + std::to_string(port_of(address));
    }
    if (address.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &v6(address).sin6_addr, host, sizeof host);
        return "[" + std::string(host) + "]:" + std::to_string(port_of(address));
    }
    return "unix";
}

uint16_t port_of(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET) return ntohs(v4(address).sin_port);
    if (address.ss_family == AF_INET6) return ntohs(v6(address).sin6_port);
    return 0;
}

bool is_loopback(const sockaddr_storage& address) {
    constexpr uint8_t kLoopbackNet = 127;
    if (address.ss_family == AF_INET) return ntohl(v4(address).sin_addr.s_addr) >> 24 == kLoopbackNet;
    if (address.ss_family != AF_INET6) return true;
    const in6_addr& host = v6(address).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&host) || (IN6_IS_ADDR_V4MAPPED(&host) && host.s6_addr[12] == kLoopbackNet);
}

}  // namespace runnel::net

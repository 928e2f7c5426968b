// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace runnel::net {

// "192.0.2.7:51234", "[2001:db8::1]:51234" or "unix".
std::string text_of(const sockaddr_storage& address);
uint16_t port_of(const sockaddr_storage& address);
// On this machine: 127.0.0.0/8, also mapped into IPv6, ::1, and every Unix socket.
bool is_loopback(const sockaddr_storage& address);

}  // namespace runnel::net

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/base/result.h"

namespace runnel::net {

// Descriptors that listen on one address: one for each event loop that accepts.
struct ListenSockets {
    std::vector<int> descriptors;
    std::string bound;  // "127.0.0.1:40123", "[::1]:1883" or "unix:/run/runnel.sock".
};

// Listens on a TCP address; port 0 takes any free one. With count > 1 the kernel spreads new connections over the
// descriptors (SO_REUSEPORT). An address that another process listens on is an error, which says so.
Result<ListenSockets, std::string> listen_tcp(const std::string& host, uint16_t port, unsigned count);
// Whether somebody listens on this Unix socket.
bool unix_socket_is_live(const std::string& path);
// Listens on a Unix socket. A socket file that nobody listens on any more is replaced; any other file is an error.
// `mode`: who may connect, before the umask.
Result<ListenSockets, std::string> listen_unix(const std::string& path, unsigned mode = 0777);

}  // namespace runnel::net

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "broker/base/result.h"

namespace runnel::ctl {

// Where the broker listens, as the user says it.
struct Endpoint {
    std::string host = "localhost";
    uint16_t port = 1883;
    std::string unix_path;  // Counts instead of host and port if it is not empty.

    // "localhost:1883", "[::1]:1883" or the path.
    std::string text() const;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// All addresses of the endpoint, at least one. The error is a sentence part for the user: "cannot find host 'x': ...".
Result<std::vector<SocketAddress>, std::string> resolve(const Endpoint& endpoint);

// A socket, non-blocking, closed on exec, without delay for small packets, that has begun to connect to `address`.
// Negative errno if that fails at once.
int start_connect(const SocketAddress& address, const SocketAddress* source = nullptr);

// What became of it: 0 when it is connected, otherwise an errno value.
int connect_error(int descriptor);

}  // namespace runnel::ctl

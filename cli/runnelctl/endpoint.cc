// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/endpoint.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace runnel::ctl {

namespace {

Result<std::vector<SocketAddress>, std::string> unix_address(const std::string& path) {
    SocketAddress address;
    auto* name = reinterpret_cast<sockaddr_un*>(&address.storage);
    if (path.size() >= sizeof name->sun_path)
        return "the path of the Unix socket is longer than " + std::to_string(sizeof name->sun_path - 1) + " bytes";
    name->sun_family = AF_UNIX;
    std::memcpy(name->sun_path, path.c_str(), path.size() + 1);
    address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return std::vector{address};
}

}  // namespace

std::string Endpoint::text() const {
    if (!unix_path.empty()) return unix_path;
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::vector<SocketAddress>, std::string> resolve(const Endpoint& endpoint) {
    if (!endpoint.unix_path.empty()) return unix_address(endpoint.unix_path);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int error = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &wanted, &list);
    if (error != 0) return "cannot find host '" + endpoint.host + "': " + gai_strerror(error);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
    std::vector<SocketAddress> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        SocketAddress address;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.length = entry->ai_addrlen;
        addresses.push_back(address);
    }
    return addresses;
}

int start_connect(const SocketAddress& address, const SocketAddress* source) {
    const bool is_unix = address.storage.ss_family == AF_UNIX;
    // A Unix socket connects at once or not at all; without blocking it would fail whenever the broker's queue is full.
    const int type = SOCK_STREAM | SOCK_CLOEXEC | (is_unix ? 0 : SOCK_NONBLOCK);
    const int descriptor = socket(address.storage.ss_family, type, 0);
    if (descriptor < 0) return -errno;
    const int one = 1;
    const timeval patience{10, 0};
    if (is_unix)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    else
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int error = 0;
    if (source != nullptr) {
        // The port is chosen by connect, so that every source address has all ports for every destination.
        setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (bind(descriptor, source->get(), source->length) != 0) error = errno;
    }
    if (error == 0 && connect(descriptor, address.get(), address.length) != 0 && errno != EINPROGRESS) error = errno;
    if (error == 0 && is_unix && fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) error = errno;
    if (error == 0) return descriptor;
    close(descriptor);
    return error == EAGAIN ? -ETIMEDOUT : -error;
}

int connect_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace runnel::ctl

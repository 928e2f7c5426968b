// SPDX-License-Identifier: Apache-2.0
#include "broker/net/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "broker/net/socket_address.h"

namespace runnel::net {
namespace {

constexpr int kBacklog = 4096;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string system_error(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

// The socket options of a listener pass on to what it accepts: TCP_NODELAY costs no system call per connection.
int bound_socket(const addrinfo& address, bool shares_port) {
    const int one = 1;
    const int descriptor = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (address.ai_family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (shares_port) setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(descriptor, address.ai_addr, address.ai_addrlen) == 0) return descriptor;
    const int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

void close_all(const std::vector<int>& descriptors) {
    for (const int descriptor : descriptors)
        close(descriptor);
}

void set_port(addrinfo& address, uint16_t port) {
    if (address.ai_family == AF_INET6)
        reinterpret_cast<sockaddr_in6*>(address.ai_addr)->sin6_port = htons(port);
    else
        reinterpret_cast<sockaddr_in*>(address.ai_addr)->sin_port = htons(port);
}

sockaddr_storage name_of(int descriptor) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size);
    return name;
}

// Listening ports can be shared by anybody of the same user who asks for it; that another broker already listens must
// not go unnoticed. So a socket that does not share takes the port first, and the others its number.
Result<ListenSockets, std::string> listen_on(addrinfo& address, unsigned count, const std::string& text) {
    ListenSockets sockets;
    const int first = bound_socket(address, false);
    if (first < 0 || listen(first, kBacklog) != 0) {
        const std::string error = system_error("cannot listen on " + text);
        if (first >= 0) close(first);
        return error;
    }
    const sockaddr_storage name = name_of(first);
    sockets.bound = text_of(name);
    if (count == 1) {
        sockets.descriptors.push_back(first);
        return sockets;
    }
    close(first);
    set_port(address, port_of(name));
    for (unsigned i = 0; i < count; ++i) {
        const int next = bound_socket(address, true);
        if (next >= 0) sockets.descriptors.push_back(next);
        if (next >= 0 && listen(next, kBacklog) == 0) continue;
        const std::string error = system_error("cannot listen on " + text);
        close_all(sockets.descriptors);
        return error;
    }
    return sockets;
}

}  // namespace

Result<ListenSockets, std::string> listen_tcp(const std::string& host, uint16_t port, unsigned count) {
    const std::string text =
        (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (status != 0) return "cannot listen on " + text + ": " + gai_strerror(status);
    const AddressList list(found, freeaddrinfo);
    return listen_on(*list, count, text);
}

// Only ECONNREFUSED says that nobody is there: who lacks the right to ask must not take it for left over.
bool unix_socket_is_live(const std::string& path) {
    struct stat file {};
    if (stat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const bool left_over = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
                           (errno == ECONNREFUSED || errno == ENOENT);
    close(probe);
    return !left_over;
}

Result<ListenSockets, std::string> listen_unix(const std::string& path, unsigned mode) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return "cannot listen on unix:" + path + ": the path is longer than " +
               std::to_string(sizeof address.sun_path - 1) + " bytes";
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return system_error("cannot listen on unix:" + path);
    struct stat file {};
    if (stat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode) && !unix_socket_is_live(path)) unlink(path.c_str());
    fchmod(descriptor, mode);  // Before bind it is what the file will get: there is no moment with more.
    if (bind(descriptor, name, sizeof address) != 0 || listen(descriptor, kBacklog) != 0) {
        const std::string error = system_error("cannot listen on unix:" + path);
        close(descriptor);
        return error;
    }
    return ListenSockets{{descriptor}, "unix:" + path};
}

}  // namespace runnel::net

// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/runnelctl/clock.h"

namespace runnel::ctl {

namespace {

int poll_timeout(Time deadline) {
    if (deadline == Time::never()) return -1;
    return static_cast<int>(std::clamp<int64_t>((deadline - monotonic_now()).ms, 0, 60'000));
}

std::string loss_text(int error) {
    return error == 0 ? "the broker closed the connection" : std::string("connection lost: ") + std::strerror(error);
}

}  // namespace

void Stream::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
    output.clear();
    input.clear();
}

short Stream::wait_for(short events, Time deadline, std::span<pollfd> others) {
    std::vector<pollfd> polled{{descriptor_, events, 0}, {stop_descriptor_, POLLIN, 0}};
    polled.insert(polled.end(), others.begin(), others.end());
    if (poll(polled.data(), polled.size(), poll_timeout(deadline)) < 0) return 0;
    std::copy(polled.begin() + 2, polled.end(), others.begin());
    if (polled[1].revents != 0) is_stopped_ = true;
    return polled[0].revents;
}

int Stream::connect_to(const SocketAddress& address, Time deadline) {
    descriptor_ = start_connect(address);
    if (descriptor_ < 0) return -descriptor_;
    int error = ETIMEDOUT;
    while (monotonic_now() < deadline && !is_stopped_) {
        if (wait_for(POLLOUT, deadline, {}) == 0) continue;
        error = connect_error(descriptor_);
        break;
    }
    if (error != 0) close();
    return error;
}

std::optional<std::string> Stream::connect(const Endpoint& endpoint, Time deadline) {
    const auto addresses = resolve(endpoint);
    if (!addresses) return addresses.error();
    int error = 0;
    auto left = static_cast<int64_t>(addresses->size());
    for (const SocketAddress& address : *addresses) {
        // An address that does not answer leaves time for the next one.
        const Time now = monotonic_now();
        error = connect_to(address, now + Duration{(deadline - now).ms / left--});
        if (error == 0) return std::nullopt;
    }
    descriptor_ = -1;
    return "cannot connect to " + endpoint.text() + ": " + std::strerror(error);
}

std::optional<std::string> Stream::turn(Time deadline, std::span<pollfd> others) {
    const short events = output.empty() ? POLLIN : POLLIN | POLLOUT;
    const short ready = wait_for(events, deadline, others);
    if (ready & POLLOUT)
        if (auto loss = write_output()) return loss;
    if (ready & ~POLLOUT) return read_input();
    return std::nullopt;
}

std::optional<std::string> Stream::write_output() {
    const ssize_t size = send(descriptor_, output.data(), output.size(), MSG_NOSIGNAL);
    if (size >= 0)
        output.erase(0, static_cast<size_t>(size));
    else if (errno != EAGAIN && errno != EINTR && errno != EPIPE && errno != ECONNRESET)
        return loss_text(errno);
    // After EPIPE what the broker said before it closed the connection is still to be read; the end comes there.
    return std::nullopt;
}

std::optional<std::string> Stream::read_input() {
    constexpr size_t kPiece = 64 << 10;
    const size_t kept = input.size();
    input.resize(kept + kPiece);
    const ssize_t size = recv(descriptor_, input.data() + kept, kPiece, 0);
    const int error = size < 0 ? errno : 0;
    input.resize(kept + static_cast<size_t>(std::max<ssize_t>(size, 0)));
    if (size > 0 || error == EAGAIN || error == EINTR) return std::nullopt;
    return loss_text(error);
}

void Stream::finish(Time deadline) {
    while (is_open() && !output.empty() && monotonic_now() < deadline)
        if (turn(deadline)) return close();
    if (!is_open()) return;
    shutdown(descriptor_, SHUT_WR);
    while (monotonic_now() < deadline) {
        input.clear();
        if (turn(deadline)) break;
    }
    close();
}

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/bench/fleet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "broker/mqtt/encoder.h"
#include "cli/runnelctl/refusal.h"

namespace runnel::ctl {

namespace {

constexpr uint64_t kOpenPatience_ns = 30'000'000'000;

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

mqtt::Frame frame_of(uint8_t header, const uint8_t* body, const uint8_t* end) {
    mqtt::Frame frame;
    frame.header = header;
    frame.body = {reinterpret_cast<const char*>(body), static_cast<size_t>(end - body)};
    return frame;
}

// While connections are opened nothing else is expected.
struct OpeningHandler {
    uint32_t opened_count = 0;
    void bytes_arrived() {}
    void opened(Wire&) { ++opened_count; }
    void packet(Wire&, uint8_t, const uint8_t*, const uint8_t*) {}
};

}  // namespace

Fleet::Fleet(const BenchOptions& options, uint32_t wire_count)
    : options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      events_(kEventsMax),
      wires_(wire_count),
      space_(std::max(kSpaceMin, 2 * (size_t{options.payload_size} + 70'000))) {
    raise_descriptor_limit();
    for (uint32_t index = 0; index < wire_count; ++index)
        wires_[index].index = index;
    auto addresses = resolve(options.endpoint);
    if (!addresses) {
        fail(addresses.error());
        return;
    }
    addresses_ = std::move(*addresses);
    choose_address();
}

// "localhost" may be ::1 first, where the broker may not listen.
void Fleet::choose_address() {
    constexpr int kPatience_ms = 5000;
    int error = 0;
    for (const SocketAddress& address : addresses_) {
        const int descriptor = start_connect(address);
        error = descriptor < 0 ? -descriptor : ETIMEDOUT;
        if (descriptor >= 0) {
            pollfd polled{descriptor, POLLOUT, 0};
            if (poll(&polled, 1, kPatience_ms) == 1) error = connect_error(descriptor);
            ::close(descriptor);
        }
        if (error != 0) continue;
        addresses_ = {address};
        return;
    }
    fail("cannot connect to " + options_.endpoint.text() + ": " + std::strerror(error));
}

Fleet::~Fleet() {
    for (Wire& wire : wires_)
        close(wire);
    if (epoll_ >= 0) ::close(epoll_);
}

void Fleet::spread_source_addresses() {
    if (failed()) return;
    const SocketAddress& target = addresses_.front();
    const auto* name = reinterpret_cast<const sockaddr_in*>(&target.storage);
    if (name->sin_family != AF_INET || name->sin_addr.s_addr != htonl(INADDR_LOOPBACK)) return;
    for (uint32_t last = 1; last <= 250; ++last) {
        SocketAddress source = target;
        auto* source_name = reinterpret_cast<sockaddr_in*>(&source.storage);
        source_name->sin_port = 0;
        source_name->sin_addr.s_addr = htonl(0x7F000000 + last);
        sources_.push_back(source);
    }
}

void Fleet::fail(std::string text, int exit_code) {
    if (failed()) return;
    failure_ = std::move(text);
    exit_code_ = exit_code;
}

void Fleet::watch(Wire& wire, int operation, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = wire.index;
    epoll_ctl(epoll_, operation, wire.descriptor, &event);
}

void Fleet::start_open(Wire& wire) {
    const SocketAddress* source = sources_.empty() ? nullptr : &sources_[next_source_++ % sources_.size()];
    const int descriptor = start_connect(addresses_.front(), source);
    if (descriptor < 0)
        return fail("cannot connect to " + options_.endpoint.text() + ": " + std::strerror(-descriptor));
    wire.descriptor = descriptor;
    wire.state = Wire::State::Connecting;
    watch(wire, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

void Fleet::close(Wire& wire) {
    if (wire.descriptor >= 0) ::close(wire.descriptor);
    wire.descriptor = -1;
    wire.state = Wire::State::Closed;
    wire.is_blocked = false;
    wire.written = 0;
    wire.output.clear();
    wire.partial.clear();
}

void Fleet::open_all(uint32_t first, uint32_t count, uint32_t parallel) {
    OpeningHandler handler;
    uint32_t started = 0;
    const uint64_t give_up_at = now_ns() + kOpenPatience_ns + uint64_t{count} * 10'000'000;
    while (handler.opened_count < count && !failed()) {
        while (started < count && started - handler.opened_count < parallel && !failed())
            start_open(wires_[first + started++]);
        turn(1'000'000'000, handler);
        if (now_ns() > give_up_at)
            fail("only " + std::to_string(handler.opened_count) + " of " + std::to_string(count) +
                 " connections were accepted in time");
    }
}

int Fleet::wait(int64_t timeout_ns) {
    const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
    const int count = epoll_pwait2(epoll_, events_.data(), kEventsMax, timeout_ns < 0 ? nullptr : &timeout, nullptr);
    if (count < 0 && errno != EINTR) fail(std::string("epoll_pwait2: ") + std::strerror(errno));
    return count;
}

void Fleet::writable(Wire& wire) {
    if (wire.state != Wire::State::Connecting) return flush(wire);
    if (const int error = connect_error(wire.descriptor); error != 0)
        return fail("cannot connect to " + options_.endpoint.text() + ": " + std::strerror(error));
    wire.state = Wire::State::AwaitingConnack;
    watch(wire, EPOLL_CTL_MOD, EPOLLIN);
    append_connect(wire);
    flush(wire);
}

void Fleet::append_connect(Wire& wire) {
    const std::string identifier = "bench-" + std::to_string(getpid()) + "-" + std::to_string(wire.index);
    mqtt::Connect connect;
    connect.version = options_.version;
    connect.client_identifier = identifier;
    if (options_.persistent && !wire.filter.empty()) {
        constexpr uint32_t kKept_s = 60;
        connect.clean_start = false;
        if (options_.version == mqtt::ProtocolVersion::V5)
            connect.properties.set(mqtt::PropertyId::SessionExpiryInterval, kKept_s);
    }
    if (options_.user_name) connect.user_name = *options_.user_name;
    if (options_.password) connect.password = *options_.password;
    encode(connect, wire.output);
}

void Fleet::flush_marked() {
    for (const uint32_t index : marked_) {
        Wire& wire = wires_[index];
        wire.is_marked = false;
        if (wire.descriptor >= 0 && !wire.is_blocked) flush(wire);
    }
    marked_.clear();
}

void Fleet::flush(Wire& wire) {
    while (wire.backlog() > 0) {
        const ssize_t size = send(wire.descriptor, wire.output.data() + wire.written, wire.backlog(), MSG_NOSIGNAL);
        if (size < 0 && errno == EAGAIN) {
            if (!wire.is_blocked) watch(wire, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            wire.is_blocked = true;
            return;
        }
        // What the broker said before it closed the connection is still to be read.
        if (size < 0) break;
        wire.written += static_cast<size_t>(size);
    }
    wire.output.clear();
    wire.written = 0;
    if (wire.is_blocked) watch(wire, EPOLL_CTL_MOD, EPOLLIN);
    wire.is_blocked = false;
}

size_t Fleet::read_into_space(Wire& wire) {
    const size_t kept = wire.partial.size();
    const ssize_t size = recv(wire.descriptor, space_.data() + kept, space_.size() - kept, 0);
    if (size > 0) {
        std::memcpy(space_.data(), wire.partial.data(), kept);
        wire.partial.clear();
        return kept + static_cast<size_t>(size);
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    fail(wire.state == Wire::State::Open ? "the broker closed a connection"
                                         : "the broker closed a connection before it was open");
    close(wire);
    return 0;
}

bool Fleet::handle_connack(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end) {
    mqtt::Connack connack;
    if (decode_any_connack(frame_of(header, body, end), options_.version, connack)) {
        fail("the broker answered CONNECT with a malformed packet");
        return false;
    }
    if (const auto refusal = refusal_of(connack, options_.version)) {
        fail(refusal->text, refusal->exit_code);
        return false;
    }
    receive_maximum_ = connack.properties.number_or(mqtt::PropertyId::ReceiveMaximum, 65535);
    if (wire.filter.empty()) return true;
    mqtt::Subscribe subscribe;
    subscribe.packet_identifier = 1;
    subscribe.requests.push_back({wire.filter, {.qos = options_.qos}});
    encode(subscribe, options_.version, wire.output);
    mark(wire);
    wire.state = Wire::State::AwaitingSuback;
    return false;
}

bool Fleet::handle_opening(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end) {
    const auto expected =
        wire.state == Wire::State::AwaitingConnack ? mqtt::PacketType::Connack : mqtt::PacketType::Suback;
    if (static_cast<mqtt::PacketType>(header >> 4) != expected) {
        fail("the broker sent a packet that was not expected");
        return false;
    }
    if (expected == mqtt::PacketType::Connack) {
        if (!handle_connack(wire, header, body, end)) return false;
    } else if (body == end || end[-1] >= 0x80) {
        fail("the broker refused the subscription to " + wire.filter, 1);
        return false;
    }
    wire.state = Wire::State::Open;
    return true;
}

}  // namespace runnel::ctl

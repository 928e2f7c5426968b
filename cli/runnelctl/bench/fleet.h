// SPDX-License-Identifier: Apache-2.0
// The connections of the load generator on one epoll set. Made to cost less than the broker it loads: one large read
// and one write per connection and turn, packets found by their length alone and given to the scenario where they lie.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <cstring>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/runnelctl/bench/bench_options.h"
#include "cli/runnelctl/endpoint.h"

namespace runnel::ctl {

inline uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

// One connection.
struct Wire {
    enum class State : uint8_t { Closed, Connecting, AwaitingConnack, AwaitingSuback, Open };

    uint32_t index = 0;
    int descriptor = -1;
    State state = State::Closed;
    bool is_marked = false;   // Has output to write at the end of the turn.
    bool is_blocked = false;  // Its socket is full.
    size_t written = 0;       // Bytes of `output` that are gone.
    std::string output;
    std::string partial;  // The start of a packet.
    std::string filter;   // Subscribed to when the connection opens, if not empty.

    size_t backlog() const { return output.size() - written; }
};

class Fleet {
public:
    Fleet(const BenchOptions& options, uint32_t wire_count);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    // Spreads the connections over the addresses 127.0.0.1 to .250, where the broker is on 127.0.0.1: one pair of
    // addresses has less than 30,000 ports, each unusable for a time after a close.
    void spread_source_addresses();

    Wire& wire(uint32_t index) { return wires_[index]; }
    // Connects all wires from `first` on, `parallel` at a time, and waits until they are open or failed() is set.
    void open_all(uint32_t first, uint32_t count, uint32_t parallel);
    // Begins to connect; then CONNECT, and SUBSCRIBE if there is a filter, follow by themselves.
    void start_open(Wire& wire);
    void close(Wire& wire);

    // Sends the output of this wire at the end of the turn.
    void mark(Wire& wire) {
        if (wire.is_marked) return;
        wire.is_marked = true;
        marked_.push_back(wire.index);
    }

    // Waits for events at most `timeout_ns` (negative: without end), then calls for all that has arrived
    // handler.bytes_arrived() once per read and handler.packet(wire, header, body, end) for each packet of an open
    // connection; handler.opened(wire) when one opens. Then writes the output.
    template <class Handler>
    void turn(int64_t timeout_ns, Handler& handler);
    void flush_marked();

    // Set when a connection fails: a sentence part for the user, and the exit code.
    const std::string& failure() const { return failure_; }
    int exit_code() const { return exit_code_; }
    bool failed() const { return !failure_.empty(); }
    // What the brokers's CONNACK allows; 65,535 if it says nothing.
    uint32_t receive_maximum() const { return receive_maximum_; }

private:
    // Leaves the first address at which somebody listens.
    void choose_address();
    int wait(int64_t timeout_ns);
    void writable(Wire& wire);
    void flush(Wire& wire);
    void watch(Wire& wire, int operation, uint32_t events);
    void fail(std::string text, int exit_code = 1);
    void append_connect(Wire& wire);
    // Reads into the shared space behind the start of a packet that is kept. Returns the bytes there; 0 if none.
    size_t read_into_space(Wire& wire);
    // CONNACK and SUBACK. Whether the wire is open now.
    bool handle_opening(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end);
    bool handle_connack(Wire& wire, uint8_t header, const uint8_t* body, const uint8_t* end);
    template <class Handler>
    void receive(Wire& wire, Handler& handler);

    static constexpr int kEventsMax = 1024;
    static constexpr size_t kSpaceMin = 256 << 10;

    const BenchOptions& options_;
    std::vector<SocketAddress> addresses_;
    std::vector<SocketAddress> sources_;
    size_t next_source_ = 0;
    int epoll_ = -1;
    std::vector<epoll_event> events_;
    std::vector<Wire> wires_;
    std::vector<uint32_t> marked_;
    std::vector<uint8_t> space_;
    std::string failure_;
    int exit_code_ = 0;
    uint32_t receive_maximum_ = 65535;
};

template <class Handler>
void Fleet::turn(int64_t timeout_ns, Handler& handler) {
    const int count = wait(timeout_ns);
    for (int i = 0; i < count; ++i) {
        Wire& wire = wires_[events_[i].data.u32];
        if (wire.descriptor < 0) continue;
        if (events_[i].events & EPOLLOUT) writable(wire);
        if (events_[i].events & ~EPOLLOUT && wire.descriptor >= 0) receive(wire, handler);
    }
    flush_marked();
}

template <class Handler>
void Fleet::receive(Wire& wire, Handler& handler) {
    const size_t size = read_into_space(wire);
    if (size == 0) return;
    handler.bytes_arrived();
    const uint8_t* packet = space_.data();
    const uint8_t* const space_end = packet + size;
    while (space_end - packet >= 2) {
        const uint8_t* body = packet + 1;
        size_t length = *body & 127;
        for (int shift = 7; *body++ & 128 && body < space_end && shift < 28; shift += 7)
            length |= static_cast<size_t>(*body & 127) << shift;
        if (body[-1] & 128 || static_cast<size_t>(space_end - body) < length) break;
        const uint8_t* const end = body + length;
        if (wire.state == Wire::State::Open)
            handler.packet(wire, *packet, body, end);
        else if (handle_opening(wire, *packet, body, end))
            handler.opened(wire);
        if (wire.descriptor < 0) return;
        packet = end;
    }
    wire.partial.assign(packet, space_end);
}

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <optional>
#include <span>
#include <string>

#include "broker/base/time.h"
#include "cli/runnelctl/endpoint.h"

namespace runnel::ctl {

// One connection to the broker: bytes in, bytes out, driven by poll. Plain poll, because standard input, which `pub`
// waits for beside it, may be a file, a pipe or a terminal, and poll takes them all.
class Stream {
public:
    // `stop_descriptor` becomes readable when the user wants an end; -1 if nothing does.
    explicit Stream(int stop_descriptor) : stop_descriptor_(stop_descriptor) {}
    ~Stream() { close(); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Tries the addresses of the endpoint in turn. Returns what to tell the user if all fail.
    std::optional<std::string> connect(const Endpoint& endpoint, Time deadline);
    void close();
    bool is_open() const { return descriptor_ >= 0; }
    // Whether the stop descriptor has been seen readable.
    bool is_stopped() const { return is_stopped_; }

    // Waits until bytes can be read, or written if there is output, or one of `others` is ready, or the deadline has
    // come or the user wants an end; then reads and writes what it can. Returns why the connection is lost if it is.
    std::optional<std::string> turn(Time deadline, std::span<pollfd> others = {});

    // Sends the output and the end of the stream, and waits for the broker's end: closing at once could reset the
    // connection before the broker has read everything.
    void finish(Time deadline);

    std::string output;  // Waits to be sent.
    std::string input;   // Has arrived.

private:
    int connect_to(const SocketAddress& address, Time deadline);
    // Polls the connection for `events` and `others` too; returns what the connection is ready for.
    short wait_for(short events, Time deadline, std::span<pollfd> others);
    std::optional<std::string> write_output();
    std::optional<std::string> read_input();

    const int stop_descriptor_;
    int descriptor_ = -1;
    bool is_stopped_ = false;
};

}  // namespace runnel::ctl

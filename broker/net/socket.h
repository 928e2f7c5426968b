// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include "broker/base/time.h"
#include "broker/net/event_loop.h"

namespace runnel::net {

struct Socket {
    uv_poll_t poll{};
    EventLoop* loop = nullptr;
    int descriptor = -1;
    shard::ConnectionId id;
    CountedConnection counted;
    bool reading = true;
    bool writing = false;    // Waits until the socket takes more.
    bool held_back = false;  // A peer is behind: see EventLoop::hold_back.
    bool lost = false;       // The transport has failed or the client has closed it.
    bool lingering = false;
    Time linger_until{};

    std::unique_ptr<api::ByteFilter> filter;  // None: the socket carries MQTT as it is.
    std::string outside;                      // Of the filter, to be written before anything else.
    bool clogged = false;                     // Too much of it: nothing more is read.
};

struct EventLoop::Listener {
    uv_poll_t poll{};
    uv_timer_t pause{};
    EventLoop* loop = nullptr;
    int descriptor = -1;
    ConnectionCount* count = nullptr;
    ListenerProtocol protocol = ListenerProtocol::Mqtt;
    Time last_complaint{};
};

}  // namespace runnel::net

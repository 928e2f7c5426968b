// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <uv.h>

#include <memory>

#include "broker/api/stream_service.h"
#include "broker/base/time.h"
#include "broker/net/event_loop.h"

namespace runnel::net {

// A connection of a listener for HTTP, or one whose first bytes have not shown yet what it is.
struct EventLoop::Stream {
    uv_poll_t poll{};
    EventLoop* loop = nullptr;
    int descriptor = -1;
    int watched = -1;  // Events that uv_poll waits for.
    uint32_t slot = 0;
    shard::PeerAddress address;
    CountedConnection counted;
    std::unique_ptr<api::StreamSession> session;  // Null until the first bytes have come.
    bool may_be_mqtt = false;
    bool input_ended = false;
    bool writing = false;  // Waits until the socket takes more.
    bool lost = false;
    bool awake = false;   // Listed in awake_streams_.
    bool warned = false;  // Its time was up once.
    api::StreamSession::Waits waits = api::StreamSession::Waits::ForRestOfInput;
    Time deadline{};
};

}  // namespace runnel::net

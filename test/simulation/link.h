// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "broker/api/stream_service.h"
#include "broker/shard/ids.h"
#include "test/simulation/chance.h"
#include "test/simulation/complaints.h"
#include "test/simulation/scenario.h"
#include "test/simulation/schedule.h"
#include "test/simulation/tapped.h"
#include "test/simulation/trace.h"
#include "test/simulation/web_wire.h"

namespace runnel::simulation {

class Loop;

// The world between clients and loops.
struct Network {
    Schedule& schedule;
    Chance& chance;
    const Scenario& scenario;
    Trace& trace;
    Complaints& complaints;
};

// What is spoken on a link.
enum class Carries : uint8_t { Mqtt, MqttOverWebSocket, Http };

// Who holds the client's end of a link.
class LinkEnd {
public:
    virtual ~LinkEnd() = default;
    virtual void bytes_arrived(std::string_view bytes) = 0;
    virtual void closed_by_broker() = 0;
};

// One stream of bytes each way between a client and the broker: late, in pieces, and cut at any moment.
class Link {
public:
    // What the broker sends comes whole over a steady link, which has room for everything.
    Link(uint32_t number, Network& network, LinkEnd* end, bool steady, Carries carries);

    // ---- The client's side.
    void send(std::string_view bytes);
    // The client closes: what it sent before arrives first.
    void finish();
    // The way is cut: what is on it may be lost.
    void cut();
    // The client stops reading, or goes on.
    void pause(bool paused);
    // Nobody listens any more, but the way stays open until the broker closes it.
    void abandon() { end_ = nullptr; }
    bool is_open() const { return open_; }
    bool is_abandoned() const { return open_ && end_ == nullptr; }
    // Something is on its way between the client and the loop, one way or the other.
    bool is_busy() const { return open_ && !(on_the_way_.empty() && arrived_.empty() && sent_.empty()); }

    // ---- The broker's side. What is here belongs to the loop that has the link now.
    Loop* loop = nullptr;
    shard::ConnectionId id;
    bool reading = true;
    size_t seen = 0;  // Bytes of the connection's output that the tap has seen and that were not written yet.
    Tapped tapped;
    std::unique_ptr<api::StreamSession> session;  // As long as HTTP is spoken.
    std::unique_ptr<api::ByteFilter> filter;      // Around MQTT.
    std::string outside;                          // Of the filter, to be written before anything else.
    bool input_ended = false;                     // The session knows.

    bool begins_with_http() const { return carries_ != Carries::Mqtt && filter == nullptr; }
    bool has_input() const { return !arrived_.empty() || end_of_stream_; }
    bool has_ended() const { return end_of_stream_; }
    // The socket took less than it was given; the loop hears when it takes more.
    bool is_blocked() const { return blocked_; }
    // Some of what has arrived; empty if only the end is left.
    std::string read();
    // Returns how much was taken.
    size_t write(std::string_view bytes);
    void close_by_broker();

private:
    void transmit(std::string_view bytes);
    std::string unwrapped(std::string bytes);
    void arrive(std::string_view bytes);
    void end_arrives();
    void schedule_read();
    void client_reads();
    Time next_arrival();

    uint32_t number_;
    bool steady_;
    Carries carries_;
    std::unique_ptr<WebWire> wire_;  // Of the client, over WebSocket.
    Network& network_;
    LinkEnd* end_;
    size_t room_;  // Of the socket towards the client.

    bool open_ = true;  // On the client's side.
    bool cut_ = false;
    Time last_arrival_;
    std::deque<std::string> on_the_way_;
    std::string arrived_;
    bool end_of_stream_ = false;

    std::string sent_;  // By the broker, not read by the client yet.
    bool blocked_ = false;
    bool paused_ = false;
    bool read_scheduled_ = false;
    bool closed_by_broker_ = false;
};

}  // namespace runnel::simulation

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "test/golden/any_packet.h"
#include "test/simulation/checker.h"
#include "test/simulation/session_book.h"
#include "test/simulation/tapped.h"
#include "test/simulation/trace.h"

namespace runnel::simulation {

// Listens at the border of the shards: makes packets of the bytes that go in and come out and tells the checkers.
class Tap {
public:
    Tap(Evidence& evidence, Trace& trace) : evidence_(evidence), trace_(trace), book_(evidence) {}

    void add(std::unique_ptr<Checker> checker) { checkers_.push_back(std::move(checker)); }
    template <class Visit>
    void for_each_checker(Visit visit) {
        for (const auto& checker : checkers_)
            visit(*checker);
    }
    const SessionBook& book() const { return book_; }
    uint64_t packets() const { return packets_; }
    // When the broker last sent something other than PINGRESP.
    Time last_movement() const { return last_movement_; }

    // The shard is about to be given these bytes.
    void bytes_received(Tapped& tapped, std::string_view bytes);
    // The shard has handled everything that it was given but the last `waiting` bytes.
    void input_handled(Tapped& tapped, size_t waiting);
    // The shard passes the connection on to another one, with all these bytes.
    void handed_over(Tapped& tapped, std::string_view bytes) { tapped.waits = bytes; }
    // The shard has put these bytes into the connection's output.
    void bytes_made(Tapped& tapped, std::string_view bytes);
    // The shard is about to be told that the connection is lost.
    void lost(Tapped& tapped);
    // The shard has closed the connection.
    void closed(Tapped& tapped);

private:
    void packet_received(Tapped& tapped, const mqtt::Frame& frame);
    void packet_sent(Tapped& tapped, const mqtt::Frame& frame);
    void note_goodbye(Tapped& tapped, const mqtt::Disconnect& packet) const;
    void print(const Tapped& tapped, const char* direction, const test::AnyPacket& packet) const;

    Evidence& evidence_;
    Trace& trace_;
    SessionBook book_;
    std::vector<std::unique_ptr<Checker>> checkers_;
    uint64_t packets_ = 0;
    Time last_movement_;
};

}  // namespace runnel::simulation

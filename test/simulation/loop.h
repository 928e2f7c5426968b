// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "broker/base/counters.h"
#include "broker/shard/shard.h"
#include "test/simulation/bridge.h"
#include "test/simulation/link.h"
#include "test/simulation/tap.h"

namespace runnel::simulation {

// Drives one shard as an event loop does: mailbox, sockets, timers, then writes and the other effects.
class Loop {
public:
    Loop(Network& network, Tap& tap, shard::Environment environment);

    // The loops of the broker by index, this one among them.
    void start(std::vector<Loop*> peers);

    // ---- From the world.
    void accept(Link& link, std::string bytes, bool loopback = true);
    void readable(Link& link);
    void writable(Link& link);
    // Anything else that is called on the shard's thread.
    void call(std::function<void(shard::Shard&, Time)> what);
    void mail_arrives(shard::PeerIndex from);

    const shard::Shard& shard() const { return *shard_; }
    const Counters& counters() const { return *counters_; }
    // Bytes that wait in the shard for this link's socket; of HTTP, whether an answer is owed.
    size_t output_bytes(const Link& link) const;

private:
    void wake(Time when);
    void turn();
    void take_mail();
    void read_sockets();
    void read_from(Link& link);
    void read_mqtt(Link& link, std::string_view bytes);
    void write_sockets();
    void flush();
    void write_to(Link& link);
    bool write_outside(Link& link);
    void write_filtered(Link& link);
    void read_filtered(Link& link, std::string_view bytes);
    // loop_streams.cc: links that speak HTTP.
    void open_stream(Link& link);
    void read_stream(Link& link);
    void go_on_with_streams();
    void go_on_with_stream(Link& link);
    void stream_becomes_mqtt(Link& link, api::StreamSession::Continuation next);
    void end_stream(Link& link);
    void say(const Link& link, const char* direction, std::string_view bytes) const;
    void carry_out_effects();
    void carry_out(shard::Effects::HandOver& hand_over);
    void carry_out(const shard::Effects::AskAuthenticator& question);
    void tell_peers();
    // Everything that the shard is told goes through here, so that the tap sees what came of it.
    template <class Input>
    void give(Input input) {
        input();
        observe();
    }
    void observe();
    void observe_output(Link& link);
    void detach(Link& link);
    Link* find(shard::ConnectionId id) const;

    Network& network_;
    Tap& tap_;
    std::unique_ptr<Counters> counters_;
    api::AuthenticatorRef authenticator_;
    shard::PeerIndex self_;
    std::unique_ptr<shard::Shard> shard_;
    std::unique_ptr<Bridge> bridge_;
    std::vector<Loop*> peers_;

    std::map<uint32_t, Link*> links_;  // By the slot of their connection.
    std::vector<Link*> readable_;
    std::vector<Link*> writable_;
    std::vector<Link*> awake_;  // Speak HTTP, and have something to say.
    std::vector<std::function<void()>> calls_;
    std::vector<std::deque<shard::PeerMessages>> mail_;  // On the way, by sender.
    std::vector<Time> last_mail_;                        // To each peer.
    std::deque<shard::PeerIndex> arrived_mail_;
    size_t closes_seen_ = 0;
    Time next_turn_ = Time::never();
};

}  // namespace runnel::simulation

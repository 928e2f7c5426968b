// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/golden/any_packet.h"
#include "test/simulation/complaints.h"
#include "test/simulation/ledger.h"
#include "test/simulation/scenario.h"
#include "test/simulation/schedule.h"
#include "test/simulation/tapped.h"

namespace runnel::simulation {

class Loop;

// What checkers may look at.
struct Evidence {
    const Scenario& scenario;
    const Schedule& schedule;
    Ledger& ledger;
    Complaints& complaints;
    std::vector<std::unique_ptr<Loop>>& loops;
};

// One promise of the broker. Hears what passes at the border of the shards, in the order in which the shards see and
// make it, and what reaches the clients; complains when the promise is broken.
class Checker {
public:
    Checker(const char* promise, Evidence& evidence) : promise_(promise), evidence_(evidence) {}
    virtual ~Checker() = default;

    virtual void packet_received(Tapped&, const test::AnyPacket&) {}
    // A packet that was received is not waiting behind others any more.
    virtual void packet_handled(Tapped&, const test::AnyPacket&) {}
    virtual void packet_sent(Tapped&, const test::AnyPacket&) {}
    virtual void connection_ended(Tapped&, Ended) {}
    // A client has it: what a QoS 2 exchange repeats is left out.
    virtual void message_arrived(const Arrival&) {}
    // After every turn of a shard.
    virtual void turn_ended() {}
    // Every durable Session was read empty and nothing moves any more.
    virtual void settled() {}
    // Everybody has gone and every Session has ended.
    virtual void finished() {}

protected:
    Time now() const { return evidence_.schedule.now(); }
    const Scenario& scenario() const { return evidence_.scenario; }
    Ledger& ledger() const { return evidence_.ledger; }
    std::vector<std::unique_ptr<Loop>>& loops() const { return evidence_.loops; }
    void complain(std::string what) const { evidence_.complaints.add(now(), promise_, std::move(what)); }

private:
    const char* promise_;
    Evidence& evidence_;
};

}  // namespace runnel::simulation

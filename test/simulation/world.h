// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "test/simulation/checker.h"
#include "test/simulation/client.h"
#include "test/simulation/link.h"
#include "test/simulation/loop.h"
#include "test/simulation/probe.h"
#include "test/simulation/rules.h"
#include "test/simulation/station.h"
#include "test/simulation/tap.h"

namespace runnel::simulation {

// What became of one seed.
struct Outcome {
    uint64_t trace_hash = 0;
    uint64_t events = 0;
    uint64_t packets = 0;
    std::vector<Complaints::Complaint> complaints;
};

// A whole broker, its clients and everything between them, from one seed and on one thread.
class World {
public:
    World(uint64_t seed, bool prints);
    ~World();

    Outcome run();

    // ---- For those who live in it.
    Schedule& schedule() { return schedule_; }
    Ledger& ledger() { return ledger_; }
    const Scenario& scenario() const { return scenario_; }
    // Chance decides how MQTT is carried; a steady link carries it as it is.
    Link& open_link(LinkEnd& end, bool steady);
    Link& open_link(LinkEnd& end, Carries carries);
    void arrived(const Arrival& arrival);
    void complain(std::string_view promise, std::string what) {
        complaints_.add(schedule_.now(), promise, std::move(what));
    }
    // Whether the settings and the rules forbid this subscription.
    bool refuses(const SubscriptionRecord& subscription) const;
    // Somebody else tries to take this client's Session.
    void break_in(const std::string& identifier);

private:
    void make_loops();
    void make_checkers();
    void make_clients();
    Link& add_link(LinkEnd& end, bool steady, Carries carries);
    std::string identifier_on(shard::PeerIndex shard, const std::string& name);
    Probe& add_probe(shard::PeerIndex shard, const std::string& name, std::vector<std::string> filters);
    std::vector<std::string> everything() const;
    std::vector<std::string> all_wills() const;

    // The ages of the world. Each ends early when a promise is broken.
    void begin();
    void be_busy();
    void settle();
    void look_at_retained();
    void leave();
    void check_emptiness();
    // False if a promise was broken.
    bool run_for(Duration span);
    template <class Condition>
    bool run_until(Condition condition, Duration patience, const char* what);
    void disturb();
    void probe_retained(const std::string& name);

    Scenario scenario_;
    Trace trace_;
    Complaints complaints_;
    Schedule schedule_;
    Chance chance_;
    Ledger ledger_;
    Network network_;
    std::vector<std::unique_ptr<Loop>> loops_;
    Evidence evidence_;
    Tap tap_;
    WatchedLog log_;
    SeededSecrets secrets_;
    shard::Placement placement_;
    std::deque<Link> links_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::unique_ptr<Station>> stations_;
    std::vector<std::unique_ptr<Endpoint>> guests_;
    std::vector<Probe*> observers_;
    std::vector<std::vector<Probe*>> retained_probes_;  // Each time one on every shard.
    bool busy_ = true;
    uint64_t names_ = 0;
};

}  // namespace runnel::simulation

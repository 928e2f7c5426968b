// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/world.h"

#include <algorithm>
#include <set>
#include <utility>

#include "broker/mqtt/topic.h"
#include "test/simulation/checkers/broker_rules.h"
#include "test/simulation/checkers/connection_rules.h"
#include "test/simulation/checkers/delivery_rules.h"
#include "test/simulation/checkers/session_rules.h"

namespace runnel::simulation {

namespace {

constexpr Time kStart{1'000'000};
constexpr uint64_t kNetworkSalt = 1;
constexpr uint64_t kScheduleSalt = 2;
constexpr uint64_t kSecretsSalt = 3;

// Not everything has arrived that was sent, one way or the other.
bool is_busy(const Link& link) {
    return link.is_busy() || (link.loop != nullptr && link.loop->output_bytes(link) != 0);
}

}  // namespace

World::World(uint64_t seed, bool prints)
    : scenario_(scenario_of(seed)),
      trace_(prints),
      schedule_(kStart, hash_mix(seed + 1, kScheduleSalt + (seed << 8))),
      chance_(seed * 4 + kNetworkSalt),
      network_{schedule_, chance_, scenario_, trace_, complaints_},
      evidence_{scenario_, schedule_, ledger_, complaints_, loops_},
      tap_(evidence_, trace_),
      log_(schedule_, complaints_),
      secrets_(seed * 4 + kSecretsSalt) {
    make_loops();
    make_checkers();
    make_clients();
}

World::~World() = default;

void World::make_loops() {
    placement_ = {scenario_.shards, chance_.next()};
    const auto doorkeeper = std::make_shared<Doorkeeper>();
    const auto rules = std::make_shared<HouseRules>(scenario_.hides_topics);
    Counters unused;  // A loop has its own.
    for (shard::PeerIndex index = 0; index < scenario_.shards; ++index)
        loops_.push_back(
            std::make_unique<Loop>(network_, tap_,
                                   shard::Environment{scenario_.settings, placement_, index, chance_.next(), secrets_,
                                                      unused, log_, doorkeeper, rules}));
    std::vector<Loop*> peers;
    for (const auto& loop : loops_)
        peers.push_back(loop.get());
    for (const auto& loop : loops_)
        loop->start(peers);
}

void World::make_checkers() {
    tap_.add(std::make_unique<NothingOutOfPlace>(evidence_));
    tap_.add(std::make_unique<EverythingIsAnswered>(evidence_));
    tap_.add(std::make_unique<ReceiveMaximumIsKept>(evidence_));
    tap_.add(std::make_unique<KeepAliveIsExact>(evidence_));
    tap_.add(std::make_unique<PacketIdentifiersAreKept>(evidence_));
    tap_.add(std::make_unique<WillsAreExact>(evidence_));
    tap_.add(std::make_unique<AcknowledgedReachSubscribers>(evidence_));
    tap_.add(std::make_unique<NothingComesTwice>(evidence_));
    tap_.add(std::make_unique<OrderIsKept>(evidence_));
    tap_.add(std::make_unique<SharedOnce>(evidence_));
    tap_.add(std::make_unique<ExpiredStayAway>(evidence_));
    tap_.add(std::make_unique<QueuesKeepTheirLimits>(evidence_));
    tap_.add(std::make_unique<RetainedIsEverywhere>(evidence_));
    tap_.add(std::make_unique<NothingIsKept>(evidence_));
}

void World::make_clients() {
    for (uint32_t i = 0; i < scenario_.clients; ++i) {
        // Now and then one that leaves its name to the broker.
        const std::string name = chance_.percent(10) ? "" : "c" + std::to_string(i);
        clients_.push_back(std::make_unique<Client>(*this, name, chance_.next()));
    }
    for (uint32_t i = 0; i < scenario_.stations; ++i)
        stations_.push_back(std::make_unique<Station>(*this, "station " + std::to_string(i), chance_.next()));
}

Link& World::open_link(LinkEnd& end, bool steady) {
    const bool is_wrapped = !steady && scenario_.websocket_percent != 0 && chance_.percent(scenario_.websocket_percent);
    return add_link(end, steady, is_wrapped ? Carries::MqttOverWebSocket : Carries::Mqtt);
}

Link& World::open_link(LinkEnd& end, Carries carries) {
    return add_link(end, false, carries);
}

Link& World::add_link(LinkEnd& end, bool steady, Carries carries) {
    Link& link = links_.emplace_back(static_cast<uint32_t>(links_.size()), network_, &end, steady, carries);
    loops_[chance_.below(loops_.size())]->accept(link, {});
    return link;
}

void World::arrived(const Arrival& arrival) {
    tap_.for_each_checker([&](Checker& checker) { checker.message_arrived(arrival); });
}

bool World::refuses(const SubscriptionRecord& subscription) const {
    const shard::Settings& settings = scenario_.settings;
    if (subscription.is_shared() && !settings.shared_subscription_available) return true;
    if (!settings.wildcard_subscription_available && mqtt::has_wildcard(subscription.filter)) return true;
    return is_denied(subscription.filter);
}

void World::break_in(const std::string& identifier) {
    // Only while its owner is there; else the Session would be the intruder's by right.
    if (!tap_.book().is_connected(identifier)) return;
    auto intruder = std::make_unique<Intruder>(*this);
    intruder->begin(identifier, chance_.one_of({mqtt::ProtocolVersion::V311, mqtt::ProtocolVersion::V5}));
    guests_.push_back(std::move(intruder));
}

// A name that makes this shard the owner.
std::string World::identifier_on(shard::PeerIndex shard, const std::string& name) {
    std::string identifier;
    do {
        identifier = name + "-" + std::to_string(++names_);
    } while (placement_.owner_of_client(identifier) != shard);
    return identifier;
}

Probe& World::add_probe(shard::PeerIndex shard, const std::string& name, std::vector<std::string> filters) {
    auto probe = std::make_unique<Probe>(*this, identifier_on(shard, name), std::move(filters));
    Probe& added = *probe;
    guests_.push_back(std::move(probe));
    added.begin();
    return added;
}

std::vector<std::string> World::all_wills() const {
    if (scenario_.settings.wildcard_subscription_available) return {"w/#"};
    std::vector<std::string> topics{"w/"};
    for (uint32_t i = 0; i < scenario_.clients; ++i)
        topics.push_back("w/c" + std::to_string(i));
    return topics;
}

std::vector<std::string> World::everything() const {
    if (scenario_.settings.wildcard_subscription_available) return {"#"};
    std::vector<std::string> topics = all_wills();
    for (const char* topic :
         {"a/1", "a/2", "a/b/c", "b/1", "b/2", "b/b/x", "s/1", "s/2", "s/x/y", "r/1", "r/2", "hidden/1"})
        topics.emplace_back(topic);
    return topics;
}

bool World::run_for(Duration span) {
    const Time end = schedule_.now() + span;
    while (complaints_.empty() && schedule_.run_next(end)) {
        tap_.for_each_checker([&](Checker& checker) { checker.turn_ended(); });
    }
    return complaints_.empty();
}

template <class Condition>
bool World::run_until(Condition condition, Duration patience, const char* what) {
    const Time end = schedule_.now() + patience;
    while (run_for(Duration{100})) {
        if (condition()) return true;
        if (schedule_.now() < end) continue;
        complain("the world comes to an end", what);
    }
    return false;
}

Outcome World::run() {
    begin();
    be_busy();
    settle();
    look_at_retained();
    leave();
    check_emptiness();
    return {trace_.hash(), schedule_.events(), tap_.packets(), complaints_.all()};
}

// Observers first, so that they see every Will.
void World::begin() {
    for (shard::PeerIndex shard = 0; shard < scenario_.shards; ++shard)
        observers_.push_back(&add_probe(shard, std::string(WillsAreExact::kObserverName), all_wills()));
    const auto all_there = [&] {
        return std::all_of(observers_.begin(), observers_.end(),
                           [](const Probe* probe) { return probe->is_subscribed(); });
    };
    if (!run_until(all_there, Duration::seconds(60), "observers cannot subscribe")) return;
    for (const auto& client : clients_)
        client->begin();
    for (const auto& station : stations_)
        station->begin();
    disturb();
}

void World::be_busy() {
    const auto all_done = [&] {
        return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->is_done(); }) &&
               std::all_of(stations_.begin(), stations_.end(), [](const auto& station) { return station->is_done(); });
    };
    if (complaints_.empty()) run_until(all_done, Duration::seconds(3600), "clients do not get on");
    busy_ = false;
}

// Now and then something that no client does.
void World::disturb() {
    if (!busy_) return;
    schedule_.after(chance_.between(1, 5000), [this] {
        if (!busy_) return;
        Loop& loop = *loops_[chance_.below(loops_.size())];
        switch (chance_.below(3)) {
            case 0: probe_retained("glance"); break;
            case 1:
                loop.call([this](shard::Shard& shard, Time now) {
                    shard.access_changed(std::make_shared<Doorkeeper>(),
                                         std::make_shared<HouseRules>(scenario_.hides_topics), now);
                });
                break;
            case 2:
                loop.call([](shard::Shard& shard, Time now) {
                    shard.publish_locally({"$SYS/simulation", "1", mqtt::QoS::AtMostOnce, true, std::nullopt, {}, {}},
                                          now);
                });
                break;
        }
        disturb();
    });
}

void World::settle() {
    if (!complaints_.empty()) return;
    for (const auto& client : clients_)
        client->calm_down();
    for (Link& link : links_)
        if (link.is_abandoned()) link.cut();
    constexpr Duration kQuiet = Duration::seconds(5);
    Time last_busy = schedule_.now();
    Time movement;
    std::set<const Link*> drained;  // Have been seen with nothing on the way since the last movement.
    const auto quiet = [&] {
        if (std::exchange(movement, tap_.last_movement()) != tap_.last_movement()) drained.clear();
        for (const Link& link : links_)
            if (!is_busy(link)) drained.insert(&link);
        const bool away =
            std::any_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->is_away(); });
        if (away || drained.size() < links_.size()) last_busy = schedule_.now();
        return schedule_.now() - std::max(last_busy, movement) > kQuiet;
    };
    if (!run_until(quiet, Duration::seconds(600), "it never becomes quiet")) return;
    tap_.for_each_checker([&](Checker& checker) { checker.settled(); });
}

void World::probe_retained(const std::string& name) {
    if (!scenario_.settings.retain_available) return;
    std::vector<Probe*> probes;
    for (shard::PeerIndex shard = 0; shard < scenario_.shards; ++shard)
        probes.push_back(&add_probe(shard, name, everything()));
    const bool quiet = !busy_;
    schedule_.after(2 * kSlackMs + 1000, [this, probes, quiet] {
        const bool subscribed = std::all_of(probes.begin(), probes.end(), [&](const Probe* probe) {
            return probe->is_subscribed() || (scenario_.full_queues_disconnect() && probe->has_ended());
        });
        if (!subscribed) complain("a steady client is welcome", "a probe got no SUBACK in time");
        RetainedIsTheLast(evidence_).examine(probes, quiet);
        for (Probe* probe : probes)
            probe->leave();
    });
}

void World::look_at_retained() {
    if (!complaints_.empty()) return;
    probe_retained("look");
    run_for(Duration{4 * kSlackMs + 1000});
}

void World::leave() {
    if (!complaints_.empty()) return;
    if (scenario_.ends_by_drain) {
        for (const auto& loop : loops_)
            loop->call([](shard::Shard& shard, Time now) { shard.drain(now); });
        run_for(Duration{kSlackMs});
    }
    for (const auto& client : clients_)
        client->leave();
    for (const auto& station : stations_)
        station->leave();
    for (Link& link : links_) {
        const bool steady =
            std::any_of(observers_.begin(), observers_.end(), [&](const Probe* probe) { return probe->is_on(link); });
        if (!steady && link.is_open()) link.cut();
    }
    constexpr int64_t kLongestWill = 10;
    run_for(Duration{(scenario_.settings.max_expiry_seconds + kLongestWill) * 1000 + 4 * kSlackMs});
}

// Interest that nobody has any more is not kept either: then a publish is told that nobody wants it.
void World::check_emptiness() {
    if (!complaints_.empty()) return;
    for (Probe* observer : observers_)
        observer->leave();
    if (!run_for(Duration{2 * kSlackMs})) return;
    std::vector<Probe*> askers;
    for (shard::PeerIndex shard = 0; shard < scenario_.shards; ++shard)
        askers.push_back(&add_probe(shard, "asker", {}));
    if (!run_for(Duration{kSlackMs})) return;
    for (Probe* asker : askers)
        for (const char* topic : {"a/1", "s/1", "w/c1", "b/b/x"})
            if (scenario_.settings.max_qos > 0) asker->publish(topic);
    if (!run_for(Duration{kSlackMs})) return;
    for (Probe* asker : askers) {
        const size_t asked = scenario_.settings.max_qos > 0 ? 4 : 0;
        const auto nobody =
            std::count(asker->answers().begin(), asker->answers().end(), mqtt::ReasonCode::NoMatchingSubscribers);
        if (static_cast<size_t>(nobody) != asked)
            complain("when everybody has gone, nothing is left", "interest is left");
        asker->leave();
    }
    if (!run_for(Duration{2 * kSlackMs})) return;
    tap_.for_each_checker([&](Checker& checker) { checker.finished(); });
}

}  // namespace runnel::simulation

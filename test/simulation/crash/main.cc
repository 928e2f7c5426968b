// SPDX-License-Identifier: Apache-2.0
// runnel_crash --seed N [--seeds COUNT] [--planted]: brokers that crash in the middle of everything, with clients that
// hold them to their acknowledgements.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/mqtt/topic.h"
#include "test/simulation/crash/clients.h"

namespace runnel::simulation {
namespace {

struct Totals {
    uint64_t failed = 0;
    uint64_t crashes = 0;
    uint64_t acknowledged = 0;
    uint64_t recovered = 0;
};

class CrashingWorld {
public:
    CrashingWorld(uint64_t seed, bool is_planted)
        : chance_(seed), log_(schedule_, complaints_), broker_(options(is_planted), chance_, log_) {
        make_clients();
    }

    const Complaints& run(Totals& totals) {
        const int64_t steps = chance_.between(200, 1500);
        for (int64_t step = 0; step < steps && complaints_.empty(); ++step)
            something_happens(totals);
        settle();
        if (complaints_.empty()) check();
        for (const auto& publisher : publishers_)
            totals.acknowledged += publisher->acknowledged().size();
        totals.recovered += broker_.recovered_deliveries();
        return complaints_;
    }

private:
    struct Fickle {
        std::unique_ptr<FickleSubscriber> client;
        bool listens = false;
        std::map<std::string, uint32_t> since;           // The last number before it listened, by topic.
        std::map<std::string, std::set<uint32_t>> owed;  // Numbers by topic.
    };

    BrokerModel::Options options(bool is_planted) {
        BrokerModel::Options options;
        options.shards = static_cast<uint32_t>(chance_.between(1, 3));
        options.settings.max_inflight = static_cast<uint16_t>(chance_.one_of({1, 3, 100}));
        options.settings.page_offline.messages = chance_.one_of({size_t{1}, size_t{4}, size_t{64}});
        options.settings.page_connected = options.settings.page_offline;
        options.is_planted_early = is_planted;
        return options;
    }

    void make_clients() {
        const int64_t count = chance_.between(1, 4);
        for (int64_t i = 0; i < count; ++i) {
            const std::string name = std::to_string(i);
            publishers_.push_back(std::make_unique<DurablePublisher>(
                broker_, complaints_, "p" + name, "t/" + name,
                chance_.one_of({mqtt::QoS::AtLeastOnce, mqtt::QoS::ExactlyOnce}), chance_.percent(30)));
            // Where nobody stays subscribed, all depends on what the shards know of each other.
            if (!has_steady_) continue;
            subscribers_.push_back(
                std::make_unique<DurableSubscriber>(broker_, complaints_, "s" + name, "t/#",
                                                    chance_.one_of({mqtt::QoS::AtLeastOnce, mqtt::QoS::ExactlyOnce}),
                                                    static_cast<uint16_t>(chance_.one_of({1, 2, 20})), !disk_fails_));
        }
        make_fickle_clients();
    }

    // Theirs are keys of interest of their own, or those of the others.
    void make_fickle_clients() {
        const int64_t count = chance_.between(0, 3);
        for (int64_t i = 0; i < count; ++i) {
            const auto qos = chance_.one_of({mqtt::QoS::AtLeastOnce, mqtt::QoS::ExactlyOnce});
            const std::string filter = chance_.one_of({"t/#", "t/0", "+/0"});
            const auto window = static_cast<uint16_t>(chance_.one_of({1, 2, 20}));
            fickle_.push_back({std::make_unique<FickleSubscriber>(broker_, complaints_, "f" + std::to_string(i), filter,
                                                                  qos, window, false),
                               false,
                               {},
                               {}});
            passing_.push_back(std::make_unique<PassingSubscriber>(broker_, complaints_, "c" + std::to_string(i),
                                                                   filter, qos, window, false));
        }
    }

    DurableClient& anybody() {
        uint64_t number = chance_.below(publishers_.size() + subscribers_.size() + fickle_.size() * 2);
        if (number < publishers_.size()) return *publishers_[number];
        number -= publishers_.size();
        if (number < subscribers_.size()) return *subscribers_[number];
        number -= subscribers_.size();
        if (number < fickle_.size()) return *fickle_[number].client;
        return *passing_[number - fickle_.size()];
    }

    // What was published since a subscription was confirmed, and acknowledged before it was taken back, is owed.
    void note_owed(Fickle& fickle, bool ends) {
        if (!fickle.listens && fickle.client->is_listening())
            for (const auto& publisher : publishers_)
                fickle.since[publisher->topic()] = publisher->last();
        fickle.listens = fickle.client->is_listening();
        if (!fickle.listens || !ends) return;
        fickle.listens = false;
        for (const auto& publisher : publishers_) {
            if (!mqtt::matches(fickle.client->filter(), publisher->topic())) continue;
            for (const uint32_t number : publisher->acknowledged())
                if (number > fickle.since[publisher->topic()]) fickle.owed[publisher->topic()].insert(number);
        }
    }

    void somebody_changes_its_mind() {
        if (fickle_.empty()) return;
        const uint64_t number = chance_.below(fickle_.size() * 2);
        if (number >= fickle_.size()) return passing_[number - fickle_.size()]->change_mind();
        note_owed(fickle_[number], true);
        fickle_[number].client->change_mind();
    }

    bool everybody_subscribed() const {
        for (const auto& subscriber : subscribers_)
            if (!subscriber->is_subscribed()) return false;
        return true;
    }

    void something_happens(Totals& totals) {
        for (Fickle& fickle : fickle_)
            note_owed(fickle, false);
        const uint64_t choice = chance_.below(100);
        if (choice < 26)
            anybody().act();
        else if (choice < 30)
            somebody_changes_its_mind();
        else if (choice < 50 && everybody_subscribed())
            publishers_[chance_.below(publishers_.size())]->publish();
        else if (choice < 70)
            broker_.deliver_mail();
        else if (choice < 92)
            broker_.commit_some();
        else if (choice < 95)
            anybody().cut();
        else if (choice < 97)
            broker_.advance(chance_.between(1, 100));
        else if (choice < 98 && disk_fails_)
            broker_.fail_commits(1 + chance_.below(5));
        else if (chance_.percent(crash_percent_)) {
            ++totals.crashes;
            broker_.crash(chance_.one_of({Crash::Process, Crash::Power}), static_cast<uint32_t>(chance_.between(1, 3)));
        }
    }

    // Nothing disturbs any more: everything finds its way.
    void settle() {
        broker_.fail_commits(0);
        constexpr int kRounds = 20'000;
        constexpr int kQuietRounds = 5;
        int quiet = 0;
        for (int round = 0; round < kRounds && complaints_.empty(); ++round) {
            bool moved = false;
            for (const auto& publisher : publishers_)
                moved |= publisher->act();
            for (const auto& subscriber : subscribers_)
                moved |= subscriber->act();
            for (Fickle& fickle : fickle_) {
                moved |= fickle.client->act();
                note_owed(fickle, false);
            }
            for (const auto& passing : passing_)
                moved |= passing->act();
            while (broker_.deliver_mail())
                moved = true;
            while (broker_.commit_some())
                moved = true;
            broker_.advance(1);
            quiet = moved ? 0 : quiet + 1;
            if (quiet == kQuietRounds && is_settled()) return;
        }
        if (complaints_.empty()) complaints_.add(broker_.now(), "everything comes to an end", "exchanges are open");
    }

    bool is_settled() const {
        for (const auto& publisher : publishers_)
            if (!publisher->is_idle() || !publisher->is_welcome()) return false;
        return everybody_subscribed();
    }

    void check() {
        for (Fickle& fickle : fickle_) {
            note_owed(fickle, true);
            for (const auto& [topic, owed] : fickle.owed)
                expect(*fickle.client, topic, owed);
        }
        for (const auto& publisher : publishers_) {
            for (const auto& subscriber : subscribers_)
                expect(*subscriber, publisher->topic(), publisher->acknowledged());
        }
    }

    void expect(const DurableSubscriber& subscriber, const std::string& topic, const std::set<uint32_t>& numbers) {
        const auto at = subscriber.received().find(topic);
        std::set<uint32_t> received;
        if (at != subscriber.received().end()) received.insert(at->second.begin(), at->second.end());
        for (const uint32_t number : numbers)
            if (!received.contains(number))
                complaints_.add(broker_.now(), "what was acknowledged arrives",
                                topic + " " + std::to_string(number) + " at " + subscriber.identifier());
    }

    Chance chance_;
    const bool disk_fails_ = chance_.percent(30);
    const bool has_steady_ = chance_.percent(70);
    const uint32_t crash_percent_ = chance_.one_of({20u, 100u});
    Schedule schedule_{Time{0}, 1};
    Complaints complaints_;
    WatchedLog log_;
    BrokerModel broker_;
    std::vector<std::unique_ptr<DurablePublisher>> publishers_;
    std::vector<std::unique_ptr<DurableSubscriber>> subscribers_;
    std::vector<Fickle> fickle_;
    std::vector<std::unique_ptr<PassingSubscriber>> passing_;
};

int run(int argc, char** argv) {
    uint64_t seed = 1;
    uint64_t seeds = 1;
    bool is_planted = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--planted") {
            is_planted = true;
        } else if (i + 1 < argc && (name == "--seed" || name == "--seeds")) {
            (name == "--seed" ? seed : seeds) = std::strtoull(argv[++i], nullptr, 10);
        } else {
            std::fputs("usage: runnel_crash [--seed N] [--seeds COUNT] [--planted]\n", stderr);
            return 2;
        }
    }
    Totals totals;
    for (uint64_t i = 0; i < seeds; ++i) {
        CrashingWorld world(seed + i, is_planted);
        const Complaints& complaints = world.run(totals);
        if (complaints.empty()) continue;
        ++totals.failed;
        const Complaints::Complaint& first = complaints.all().front();
        std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(seed + i), first.promise.c_str(),
                    first.what.c_str());
    }
    std::printf("%llu seeds from %llu, %llu failed; %llu crashes, %llu acknowledged, %llu deliveries recovered\n",
                static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(totals.failed), static_cast<unsigned long long>(totals.crashes),
                static_cast<unsigned long long>(totals.acknowledged),
                static_cast<unsigned long long>(totals.recovered));
    // A planted fault has to be found.
    return (totals.failed != 0) == is_planted ? 0 : 1;
}

}  // namespace
}  // namespace runnel::simulation

int main(int argc, char** argv) {
    return runnel::simulation::run(argc, argv);
}

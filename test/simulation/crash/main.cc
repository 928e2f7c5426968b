// SPDX-License-Identifier: Apache-2.0
// runnel_crash --seed N [--seeds COUNT] [--planted]: brokers that crash in the middle of everything, with clients that
// hold them to their acknowledgements.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
            subscribers_.push_back(
                std::make_unique<DurableSubscriber>(broker_, complaints_, "s" + name, "t/#",
                                                    chance_.one_of({mqtt::QoS::AtLeastOnce, mqtt::QoS::ExactlyOnce}),
                                                    static_cast<uint16_t>(chance_.one_of({1, 2, 20})), !disk_fails_));
        }
    }

    DurableClient& anybody() {
        const uint64_t number = chance_.below(publishers_.size() * 2);
        if (number < publishers_.size()) return *publishers_[number];
        return *subscribers_[number - publishers_.size()];
    }

    bool everybody_subscribed() const {
        for (const auto& subscriber : subscribers_)
            if (!subscriber->is_subscribed()) return false;
        return true;
    }

    void something_happens(Totals& totals) {
        const uint64_t choice = chance_.below(100);
        if (choice < 30)
            anybody().act();
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
        else {
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
        for (const auto& publisher : publishers_) {
            for (const auto& subscriber : subscribers_) {
                const auto at = subscriber->received().find(publisher->topic());
                std::set<uint32_t> received;
                if (at != subscriber->received().end()) received.insert(at->second.begin(), at->second.end());
                for (const uint32_t number : publisher->acknowledged())
                    if (!received.contains(number))
                        complaints_.add(broker_.now(), "what was acknowledged arrives",
                                        publisher->topic() + " " + std::to_string(number) + " of QoS " +
                                            std::to_string(static_cast<int>(publisher->qos())) + " (" +
                                            std::to_string(publisher->last()) + ")");
            }
        }
    }

    Chance chance_;
    const bool disk_fails_ = chance_.percent(30);
    Schedule schedule_{Time{0}, 1};
    Complaints complaints_;
    WatchedLog log_;
    BrokerModel broker_;
    std::vector<std::unique_ptr<DurablePublisher>> publishers_;
    std::vector<std::unique_ptr<DurableSubscriber>> subscribers_;
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

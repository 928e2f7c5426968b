// SPDX-License-Identifier: Apache-2.0
// The tree against a list that is searched with mqtt::matches.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "broker/mqtt/topic.h"
#include "broker/routing/subscription_tree.h"
#include "test/unit/routing/random_topics.h"

using namespace runnel;
using namespace runnel::routing;

namespace {

constexpr uint32_t kSubscribers = 6;

struct Kept {
    SubscriptionOptions options;
    uint32_t subscription_identifier = 0;
    uint64_t order = 0;
};
using Found = std::tuple<SubscriberId, uint32_t, unsigned, bool>;

Found found_of(SubscriberId subscriber, uint32_t subscription_identifier, SubscriptionOptions options) {
    return {subscriber, subscription_identifier, static_cast<unsigned>(options.qos), options.no_local};
}

class Comparison {
public:
    explicit Comparison(uint64_t seed) : random_(seed), tree_(random_.next()) {}

    void step() {
        const auto subscriber = static_cast<SubscriberId>(random_.below(kSubscribers));
        const uint64_t choice = random_.below(shrinking_ ? 100 : 60);
        if (choice < 40)
            subscribe(random_filter(random_), subscriber);
        else if (choice < 95)
            unsubscribe(any_filter(), subscriber);
        else
            unsubscribe_all(subscriber);
        if (random_.below(200) == 0) shrinking_ = !shrinking_;
        compare_match(random_topic(random_));
        REQUIRE(tree_.count() == kept_.size());
    }

    void compare_lists() {
        for (SubscriberId subscriber = 0; subscriber < kSubscribers; ++subscriber) {
            std::vector<std::string> listed;
            tree_.for_each_of(subscriber, [&](std::string_view filter, const Subscription& subscription) {
                listed.emplace_back(filter);
                REQUIRE(subscription.subscriber == subscriber);
            });
            REQUIRE(listed == filters_of(subscriber));
            REQUIRE(tree_.count_of(subscriber) == listed.size());
        }
    }

private:
    void subscribe(const std::string& filter, SubscriberId subscriber) {
        const SubscriptionOptions options{.qos = static_cast<mqtt::QoS>(random_.below(3)),
                                          .no_local = random_.below(2) == 0};
        const auto identifier = static_cast<uint32_t>(random_.below(1000));
        const auto [kept, is_new] = kept_.try_emplace({filter, subscriber}, Kept{.options = {}, .order = steps_++});
        kept->second.options = options;
        kept->second.subscription_identifier = identifier;
        const auto added = tree_.subscribe(filter, subscriber, options, identifier);
        REQUIRE((added == SubscriptionTree::Added::New) == is_new);
    }

    void unsubscribe(const std::string& filter, SubscriberId subscriber) {
        REQUIRE(tree_.unsubscribe(filter, subscriber) == (kept_.erase({filter, subscriber}) == 1));
    }

    void unsubscribe_all(SubscriberId subscriber) {
        std::vector<std::string> gone;
        tree_.unsubscribe_all(subscriber, [&](std::string_view filter) { gone.emplace_back(filter); });
        REQUIRE(gone == filters_of(subscriber));
        std::erase_if(kept_, [&](const auto& kept) { return kept.first.second == subscriber; });
    }

    // Mostly one that is there for somebody.
    std::string any_filter() {
        if (kept_.empty() || random_.below(4) == 0) return random_filter(random_);
        return std::next(kept_.begin(), static_cast<long>(random_.below(kept_.size())))->first.first;
    }

    std::vector<std::string> filters_of(SubscriberId subscriber) const {
        std::map<uint64_t, std::string> by_order;
        for (const auto& [name, kept] : kept_) {
            if (name.second == subscriber) by_order[kept.order] = name.first;
        }
        std::vector<std::string> filters;
        for (const auto& [order, filter] : by_order)
            filters.push_back(filter);
        return filters;
    }

    void compare_match(const std::string& topic) {
        std::vector<Found> expected;
        for (const auto& [name, kept] : kept_) {
            if (!mqtt::matches(name.first, topic)) continue;
            expected.push_back(found_of(name.second, kept.subscription_identifier, kept.options));
        }
        std::vector<Found> found;
        tree_.match(topic, [&](const Subscription& subscription) {
            found.push_back(
                found_of(subscription.subscriber, subscription.subscription_identifier, subscription.options));
        });
        std::sort(expected.begin(), expected.end());
        std::sort(found.begin(), found.end());
        INFO(topic);
        REQUIRE(found == expected);
    }

    Random random_;
    SubscriptionTree tree_;
    std::map<std::pair<std::string, SubscriberId>, Kept> kept_;
    uint64_t steps_ = 0;
    bool shrinking_ = false;
};

}  // namespace

TEST_CASE("random subscriptions match what a search of all filters finds") {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed ", seed);
        Comparison comparison(seed);
        for (int step = 0; step < 1500; ++step) {
            comparison.step();
            if (step % 100 == 0) comparison.compare_lists();
        }
    }
}

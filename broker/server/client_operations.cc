// SPDX-License-Identifier: Apache-2.0
// What an operator asks about clients: each loop is asked for its part, and the parts are merged.
#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "broker/server/broker_operations.h"
#include "broker/shard/client_walk.h"

namespace runnel::server {
namespace {

// The pages of the loops made one, in the order of the keys.
template <class Page, class Item, class Key>
Page merged(LoopQuestions::Parts<Page> parts, size_t count_max, std::vector<Item> Page::*items, Key key) {
    Page whole;
    for (std::optional<Page>& part : parts) {
        if (!part) {
            whole.is_whole = false;
            continue;
        }
        std::ranges::move(*part.*items, std::back_inserter(whole.*items));
        whole.has_more |= part->has_more;
        if constexpr (requires { whole.total; }) whole.total += part->total;
    }
    std::vector<Item>& all = whole.*items;
    std::ranges::sort(all, {}, key);
    if (all.size() > count_max) {
        all.resize(count_max);
        whole.has_more = true;
    }
    return whole;
}

bool is_whole(const auto& parts) {
    return std::ranges::all_of(parts, [](const auto& part) { return part.has_value(); });
}

}  // namespace

void BrokerOperations::clients(const api::ClientQuery& query, std::function<void(const api::ClientPage&)> done) {
    const auto work = [walk = shard::ClientWalk(query)](const shard::Shard& shard, Time) mutable {
        return walk.go_on(shard);
    };
    questions_.ask<api::ClientPage>(
        work, [count_max = query.count_max, done = std::move(done)](LoopQuestions::Parts<api::ClientPage> parts) {
            done(merged(std::move(parts), count_max, &api::ClientPage::clients, &api::ClientStatus::client_identifier));
        });
}

void BrokerOperations::subscriptions(const api::SubscriptionQuery& query,
                                     std::function<void(const api::SubscriptionPage&)> done) {
    const auto work = [walk = shard::SubscriptionWalk(query)](const shard::Shard& shard, Time) mutable {
        return walk.go_on(shard);
    };
    const auto key = [](const api::SubscriptionStatus& one) {
        return std::tie(one.client_identifier, one.share_name, one.filter);
    };
    questions_.ask<api::SubscriptionPage>(work, [key, count_max = query.count_max, done = std::move(done)](
                                                    LoopQuestions::Parts<api::SubscriptionPage> parts) {
        done(merged(std::move(parts), count_max, &api::SubscriptionPage::subscriptions, key));
    });
}

void BrokerOperations::client(const std::string& client_identifier, std::function<void(const api::ClientFound&)> done) {
    using Found = std::optional<api::ClientStatus>;
    const auto work = [client_identifier](const shard::Shard& shard, Time) {
        const shard::SessionSlot* slot = shard.sessions().find(client_identifier);
        return std::optional<Found>(std::in_place, slot == nullptr ? Found() : shard::client_status(shard, *slot));
    };
    questions_.ask<Found>(work, [done = std::move(done)](LoopQuestions::Parts<Found> parts) {
        api::ClientFound answer;
        answer.is_whole = is_whole(parts);
        for (std::optional<Found>& part : parts)
            if (part && *part) answer.client = *std::move(part);
        done(answer);
    });
}

void BrokerOperations::end_client(const std::string& client_identifier, bool ends_session,
                                  std::function<void(const api::ClientEnded&)> done) {
    const auto work = [client_identifier, ends_session](shard::Shard& shard, Time now) {
        return std::optional(shard.end_client(client_identifier, ends_session, now));
    };
    questions_.ask<bool>(work, [done = std::move(done)](const LoopQuestions::Parts<bool>& parts) {
        api::ClientEnded answer;
        answer.is_whole = is_whole(parts);
        answer.was_there = std::ranges::any_of(parts, [](const auto& part) { return part.value_or(false); });
        done(answer);
    });
}

}  // namespace runnel::server

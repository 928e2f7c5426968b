// SPDX-License-Identifier: Apache-2.0
// What an operator asks about the clients of a shard. There may be millions: they are gone through in steps, so that no
// turn is long; who comes or goes between two steps may be missed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "broker/api/clients.h"
#include "broker/base/least.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

api::ClientStatus client_status(const Shard& shard, const SessionSlot& slot);

// A page of clients in the order of their Client Identifiers.
class ClientWalk {
public:
    explicit ClientWalk(api::ClientQuery query);
    // One step; the page when all have been seen.
    std::optional<api::ClientPage> go_on(const Shard& shard);

private:
    struct Key {
        std::string_view operator()(const api::ClientStatus& client) const { return client.client_identifier; }
    };
    bool is_wanted(const SessionSlot& slot) const;

    api::ClientQuery query_;
    Least<api::ClientStatus, Key> found_;
    uint64_t total_ = 0;
    routing::SubscriberId next_ = 0;
};

// A page of subscriptions in the order of their places.
class SubscriptionWalk {
public:
    explicit SubscriptionWalk(api::SubscriptionQuery query);
    std::optional<api::SubscriptionPage> go_on(const Shard& shard);

private:
    using Place = std::tuple<std::string_view, std::string_view, std::string_view>;
    struct Key {
        Place operator()(const api::SubscriptionStatus& one) const {
            return {one.client_identifier, one.share_name, one.filter};
        }
    };
    size_t look_at(const Shard& shard, const SessionSlot& slot);
    void see(const SessionSlot& slot, std::string_view share_name, std::string_view filter,
             const mqtt::SubscriptionOptions& options, uint32_t subscription_identifier);

    api::SubscriptionQuery query_;
    Least<api::SubscriptionStatus, Key> found_;
    routing::SubscriberId next_ = 0;
};

}  // namespace runnel::shard

// SPDX-License-Identifier: Apache-2.0
#include "broker/shard/client_walk.h"

#include <algorithm>
#include <utility>

namespace runnel::shard {
namespace {

constexpr size_t kStep = 5'000;  // Sessions and subscriptions that one step looks at.

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// `part` is in lower case.
bool contains(std::string_view text, std::string_view part) {
    const auto found = std::ranges::search(text, part, {}, lower);
    return part.empty() || !found.empty();
}

api::ConnectionStatus connection_status(const Connection& connection, const session::WallClock& clock) {
    api::ConnectionStatus status;
    status.transport = connection.address.transport;
    status.version = connection.version;
    status.address = connection.address.text;
    status.connected_at_ms = clock.wall_ms(connection.opened_at);
    status.keep_alive = static_cast<uint16_t>(connection.keep_alive_ms / 1500);
    status.receive_maximum = connection.window_max;
    status.maximum_packet_size = connection.packet_size_max;
    return status;
}

}  // namespace

api::ClientStatus client_status(const Shard& shard, const SessionSlot& slot) {
    const session::Session& session = slot.session;
    api::ClientStatus status;
    status.client_identifier = session.client_identifier;
    status.identity = slot.identity;
    status.last_seen_ms =
        shard.clock().wall_ms(slot.connection ? slot.connection->last_packet_at : slot.disconnected_at);
    status.session_expiry_interval = session.expiry_interval;
    status.subscriptions = shard.subscriptions().count_of(slot.number) + session.shared.size();
    status.queued_messages = session.queue.size();
    status.queued_bytes = session.queue.bytes();
    status.inflight_messages = session.window.size();
    if (session.will)
        status.will = {session.will->topic, session.will->qos, session.will->retain, session.will->delay_interval};
    if (slot.connection == nullptr) return status;
    status.connection = connection_status(*slot.connection, shard.clock());
    status.queued_messages += slot.connection->at_most_once.size();
    status.queued_bytes += slot.connection->at_most_once.bytes();
    return status;
}

ClientWalk::ClientWalk(api::ClientQuery query) : query_(std::move(query)), found_(query_.count_max + 1) {
    std::ranges::transform(query_.search, query_.search.begin(), lower);
}

bool ClientWalk::is_wanted(const SessionSlot& slot) const {
    const Connection* connection = slot.connection;
    if (query_.connected && *query_.connected != (connection != nullptr)) return false;
    if (query_.transport && (connection == nullptr || connection->address.transport != *query_.transport)) return false;
    return contains(slot.session.client_identifier, query_.search) ||
           contains(slot.identity.user_name, query_.search) ||
           (connection != nullptr && contains(connection->address.text, query_.search));
}

std::optional<api::ClientPage> ClientWalk::go_on(const Shard& shard) {
    const size_t end = std::min<size_t>(next_ + kStep, shard.sessions().number_end());
    for (; next_ < end; ++next_) {
        const SessionSlot* slot = shard.sessions().find(next_);
        if (slot == nullptr || !is_wanted(*slot)) continue;
        ++total_;
        const std::string& client_identifier = slot->session.client_identifier;
        if (client_identifier > query_.after && found_.wants(std::string_view(client_identifier)))
            found_.add(client_status(shard, *slot));
    }
    if (next_ < shard.sessions().number_end()) return std::nullopt;
    api::ClientPage page;
    page.clients = found_.take();
    page.has_more = page.clients.size() > query_.count_max;
    if (page.has_more) page.clients.pop_back();
    page.total = total_;
    return page;
}

SubscriptionWalk::SubscriptionWalk(api::SubscriptionQuery query)
    : query_(std::move(query)), found_(query_.count_max + 1) {}

void SubscriptionWalk::see(const SessionSlot& slot, std::string_view share_name, std::string_view filter,
                           const mqtt::SubscriptionOptions& options, uint32_t subscription_identifier) {
    if (query_.filter && *query_.filter != filter) return;
    const Place place{slot.session.client_identifier, share_name, filter};
    const auto& after = query_.after;
    if (after && place <= Place{after->client_identifier, after->share_name, after->filter}) return;
    if (found_.wants(place))
        found_.add({slot.session.client_identifier, std::string(share_name), std::string(filter), options,
                    subscription_identifier});
}

// How much there was to be looked at.
size_t SubscriptionWalk::look_at(const Shard& shard, const SessionSlot& slot) {
    const std::string& client_identifier = slot.session.client_identifier;
    const bool is_behind = !query_.after || client_identifier >= query_.after->client_identifier;
    if (!is_behind || !found_.wants(Place{client_identifier, {}, {}})) return 1;
    shard.subscriptions().for_each_of(slot.number, [&](std::string_view filter, const routing::Subscription& one) {
        see(slot, {}, filter, one.options, one.subscription_identifier);
    });
    for (const session::SharedMembership& one : slot.session.shared)
        see(slot, one.share_name, one.filter, one.options, one.subscription_identifier);
    return 1 + shard.subscriptions().count_of(slot.number) + slot.session.shared.size();
}

std::optional<api::SubscriptionPage> SubscriptionWalk::go_on(const Shard& shard) {
    const Sessions& sessions = shard.sessions();
    if (query_.client_identifier) {
        if (const SessionSlot* slot = sessions.find(*query_.client_identifier)) look_at(shard, *slot);
    } else {
        size_t looks = 0;
        for (; next_ < sessions.number_end() && looks < kStep; ++next_)
            if (const SessionSlot* slot = sessions.find(next_)) looks += look_at(shard, *slot);
        if (next_ < sessions.number_end()) return std::nullopt;
    }
    api::SubscriptionPage page;
    page.subscriptions = found_.take();
    page.has_more = page.subscriptions.size() > query_.count_max;
    if (page.has_more) page.subscriptions.pop_back();
    return page;
}

}  // namespace runnel::shard

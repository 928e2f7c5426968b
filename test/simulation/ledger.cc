// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/ledger.h"

#include <algorithm>
#include <charconv>

#include "broker/mqtt/topic.h"
#include "test/simulation/rules.h"
#include "test/simulation/scenario.h"

namespace runnel::simulation {

std::string payload_of(const PublishedMessage& message) {
    if (message.clears) return {};
    return std::to_string(message.number) + ":" + std::string(message.padding, 'x');
}

uint64_t number_in(std::string_view payload) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
    const bool whole = error == std::errc() && end != payload.data() + payload.size() && *end == ':';
    return whole ? number : 0;
}

void Ledger::publish_handled(uint32_t link, Time time) {
    const auto at = sent_.find(link);
    if (at == sent_.end() || at->second.empty()) return;
    messages_.at(at->second.front()).handled = now(time);
    at->second.pop_front();
}

bool covers(const SubscriptionRecord& subscription, const PublishedMessage& message) {
    if (!subscription.confirmed.has_come() || subscription.failed) return false;
    if (!message.first_sent.has_come() || subscription.confirmed.order > message.first_sent.order) return false;
    if (!message.acknowledged.has_come()) return false;
    const bool stayed =
        !subscription.ended.has_come() || subscription.ended.at > message.acknowledged.at + Duration{kSlackMs};
    return stayed && mqtt::matches(subscription.filter, message.topic);
}

bool may_be_dropped(const SubscriberSession& session, const SubscriptionRecord& subscription,
                    const PublishedMessage& message, bool hides_topics) {
    constexpr size_t kOtherBytes = 150;  // Of a PUBLISH besides its payload.
    if (message.padding + message.topic.size() + kOtherBytes > session.maximum_packet_size) return true;
    if (message.expiry || message.refused || message.clears) return true;
    if (subscription.options.no_local && message.publisher == session.client_identifier) return true;
    return hides_topics && is_hidden(message.topic);
}

bool ever_matched(const SubscriberSession& session, std::string_view topic, bool shared) {
    return std::any_of(session.subscriptions.begin(), session.subscriptions.end(), [&](const auto& subscription) {
        return subscription.is_shared() == shared && !subscription.failed && mqtt::matches(subscription.filter, topic);
    });
}

}  // namespace runnel::simulation

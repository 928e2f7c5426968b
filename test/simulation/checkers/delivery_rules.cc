// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/checkers/delivery_rules.h"

#include <algorithm>
#include <set>

#include "broker/mqtt/topic.h"
#include "test/simulation/loop.h"

namespace runnel::simulation {

using mqtt::PropertyId;
using mqtt::QoS;

namespace {

uint64_t drops(const std::vector<std::unique_ptr<Loop>>& loops) {
    uint64_t dropped = 0;
    for (const auto& loop : loops)
        dropped += loop->counters().dropped_queue_full.value();
    return dropped;
}

std::string describe(const PublishedMessage& message) {
    return "message " + std::to_string(message.number) + " of " + message.publisher + " on " + message.topic +
           " (QoS " + std::to_string(static_cast<int>(message.qos)) + ")";
}

}  // namespace

void AcknowledgedReachSubscribers::settled() {
    uint64_t missing = 0;
    std::string first;
    for (auto& [incarnation, session] : ledger().sessions()) {
        if (!session.alive) continue;
        for (const auto& [number, message] : ledger().messages()) {
            if (message.qos == QoS::AtMostOnce || message.is_will || session.received.contains(number)) continue;
            if (!is_owed(session, message)) continue;
            if (missing++ == 0) first = describe(message) + " did not reach " + session.client_identifier;
        }
    }
    const uint64_t dropped = scenario().drops_are_expected() ? drops(loops()) : 0;
    if (missing > dropped)
        complain(first + "; " + std::to_string(missing) + " missing, " + std::to_string(dropped) +
                 " counted as dropped");
}

bool AcknowledgedReachSubscribers::is_owed(const SubscriberSession& session, const PublishedMessage& message) {
    for (const SubscriptionRecord& subscription : session.subscriptions) {
        if (subscription.is_shared() || subscription.granted == QoS::AtMostOnce) continue;
        if (!covers(subscription, message)) continue;
        if (may_be_dropped(session, subscription, message, scenario().hides_topics)) continue;
        if (message.told_nobody)
            complain(describe(message) + " was answered as if nobody wanted it, but " + session.client_identifier +
                     " does");
        return true;
    }
    return false;
}

void NothingComesTwice::message_arrived(const Arrival& arrival) {
    const SubscriberSession& session = arrival.session;
    const PublishedMessage& message = arrival.message;
    std::set<std::pair<std::string, std::string>> shared;
    uint32_t retained = 0;
    for (const SubscriptionRecord& subscription : session.subscriptions) {
        if (!mqtt::matches(subscription.filter, message.topic)) continue;
        if (subscription.is_shared())
            shared.emplace(subscription.share_name, subscription.filter);
        else if (message.retain && subscription.options.retain_handling != mqtt::RetainHandling::SendNever)
            ++retained;
    }
    const uint32_t ways = static_cast<uint32_t>(shared.size()) + (ever_matched(session, message.topic, false) ? 1 : 0);
    const uint32_t times = message.qos == QoS::AtLeastOnce && !message.has_key ? message.sends : 1;
    const SubscriberSession::Copies& copies = session.received.at(message.number);
    const std::string what = describe(message) + " to " + session.client_identifier;
    if (ways == 0) return complain("not asked for: " + what);
    check_options(arrival);
    if (message.refused || (scenario().hides_topics && message.topic.starts_with("hidden/")))
        complain("not allowed: " + what);
    if (copies.by_qos[0] + copies.by_qos[1] + copies.by_qos[2] > ways * times + retained + copies.refused)
        complain(std::to_string(copies.total()) + " copies: " + what);
}

// By the most that any of its subscriptions ever asked for.
void NothingComesTwice::check_options(const Arrival& arrival) const {
    bool wants_own = false;
    QoS most = QoS::AtMostOnce;
    for (const SubscriptionRecord& subscription : arrival.session.subscriptions) {
        if (!mqtt::matches(subscription.filter, arrival.message.topic)) continue;
        wants_own |= !subscription.options.no_local;
        most = std::max(most, subscription.options.qos);
    }
    const std::string what = describe(arrival.message) + " to " + arrival.session.client_identifier;
    if (arrival.qos > std::min(most, arrival.message.qos))
        complain("QoS " + std::to_string(static_cast<int>(arrival.qos)) + ": " + what);
    if (!wants_own && arrival.message.publisher == arrival.session.client_identifier)
        complain("in spite of No Local: " + what);
}

void OrderIsKept::message_arrived(const Arrival& arrival) {
    const PublishedMessage& message = arrival.message;
    // A copy that is retained, shared or published again has no place in the order.
    if (message.is_will || arrival.retain || message.sends > 1) return;
    if (arrival.session.received.at(message.number).total() > 1) return;
    if (ever_matched(arrival.session, message.topic, true)) return;
    uint64_t& last = last_[{arrival.session.incarnation, message.publisher, arrival.qos}];
    if (message.sequence < last)
        complain(describe(message) + " came to " + arrival.session.client_identifier + " behind number " +
                 std::to_string(last) + " in its sequence");
    last = message.sequence;
}

std::map<std::pair<std::string, std::string>, SharedOnce::Group> SharedOnce::groups() const {
    std::map<std::pair<std::string, std::string>, Group> found;
    for (const auto& [incarnation, session] : ledger().sessions()) {
        for (const SubscriptionRecord& subscription : session.subscriptions) {
            if (!subscription.is_shared() || subscription.failed) continue;
            Group& group = found[{subscription.share_name, subscription.filter}];
            group.share_name = subscription.share_name;
            group.filter = subscription.filter;
            group.members.push_back({&session, &subscription});
        }
    }
    return found;
}

// Somebody was in the group all the time; and nobody left it, in whose hands the message might have been.
bool SharedOnce::is_owed(const Group& group, const PublishedMessage& message) const {
    bool anchored = false;
    for (const Group::Member& member : group.members) {
        const SubscriptionRecord& subscription = *member.subscription;
        const bool before = subscription.ended.has_come() && message.first_sent.has_come() &&
                            subscription.ended.order < message.first_sent.order;
        if (may_be_dropped(*member.session, subscription, message, scenario().hides_topics)) return false;
        // QoS 2 in delivery goes with its Session [MQTT-4.8.2-5], and MQTT 5 lets a member refuse a message.
        if (!member.session->alive && message.qos == QoS::ExactlyOnce) return false;
        if (subscription.granted == QoS::AtMostOnce && !before) return false;
        anchored |= member.session->alive && !subscription.ended.has_come() && covers(subscription, message);
    }
    return anchored;
}

void SharedOnce::settled() {
    const auto all = groups();
    for (const auto& [number, message] : ledger().messages()) {
        if (message.qos == QoS::AtMostOnce || !message.first_sent.has_come() || message.is_will) continue;
        std::vector<const Group*> matching;
        for (const auto& [name, group] : all)
            if (mqtt::matches(group.filter, message.topic)) matching.push_back(&group);
        if (!matching.empty()) check(message, matching);
    }
}

void SharedOnce::check(const PublishedMessage& message, const std::vector<const Group*>& matching) {
    uint32_t owed = 0;
    for (const Group* group : matching)
        owed += is_owed(*group, message) ? 1 : 0;
    uint32_t exactly_once = 0, copies = 0;
    for (const auto& [incarnation, session] : ledger().sessions()) {
        if (ever_matched(session, message.topic, false) || !ever_matched(session, message.topic, true)) continue;
        const auto at = session.received.find(message.number);
        if (at == session.received.end()) continue;
        exactly_once += at->second.by_qos[2] - std::min(at->second.refused, at->second.by_qos[2]);
        copies += at->second.total();
    }
    uint32_t groups_of_qos2 = 0;
    for (const Group* group : matching)
        groups_of_qos2 += group->share_name == "two" ? 1 : 0;
    if (exactly_once > groups_of_qos2)
        complain(describe(message) + " came " + std::to_string(exactly_once) + " times for " +
                 std::to_string(groups_of_qos2) + " groups");
    const uint64_t dropped = scenario().drops_are_expected() ? drops(loops()) : 0;
    if (copies + dropped < owed)
        complain(describe(message) + " came " + std::to_string(copies) + " times, but " + std::to_string(owed) +
                 " groups wanted it");
}

void ExpiredStayAway::packet_received(Tapped&, const test::AnyPacket& packet) {
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr || !publish->properties.has(PropertyId::MessageExpiryInterval)) return;
    Known& known = received_.try_emplace(number_in(publish->payload), Known{now(), now()}).first->second;
    known.last = now();
}

void ExpiredStayAway::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr || publish->payload.empty()) return;
    const auto at = received_.find(number_in(publish->payload));
    const PublishedMessage* message = ledger().find(number_in(publish->payload));
    if (at == received_.end() || message == nullptr || !message->expiry) return;
    const std::string what = describe(*message) + " to " + tapped.client_identifier;
    const Duration waited = now() - at->second.last;
    if (!publish->dup && waited > Duration{int64_t{*message->expiry} * 1000 + kSlackMs})
        complain("expired, but sent after " + std::to_string(waited.ms) + " ms: " + what);
    if (tapped.version != mqtt::ProtocolVersion::V5) return;
    if (!publish->properties.has(PropertyId::MessageExpiryInterval)) return complain("no expiry told: " + what);
    const int64_t told = publish->properties.number(PropertyId::MessageExpiryInterval);
    const int64_t most = std::max<int64_t>(0, int64_t{*message->expiry} - waited.ms / 1000) + 1;
    const int64_t least = int64_t{*message->expiry} - (now() - at->second.first).ms / 1000 - 1;
    if (told > most || told < least) complain("told that " + std::to_string(told) + " seconds remain: " + what);
}

}  // namespace runnel::simulation

// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/checkers/broker_rules.h"

#include <algorithm>

#include "test/simulation/loop.h"

namespace runnel::simulation {

void QueuesKeepTheirLimits::turn_ended() {
    const shard::Settings& settings = scenario().settings;
    for (const auto& loop : loops()) {
        for (const std::string& client : clients_) {
            const shard::SessionSlot* slot = loop->shard().sessions().find(client);
            if (slot == nullptr) continue;
            const session::SessionQueue& queue = slot->session.queue;
            const bool many = settings.max_queued_messages != 0 &&
                              queue.size() > settings.max_queued_messages + queue.extra_room().messages;
            const bool large =
                settings.max_queued_bytes != 0 && queue.bytes() > settings.max_queued_bytes + queue.extra_room().bytes;
            if (many || large)
                complain(client + " has " + std::to_string(queue.size()) + " messages of " +
                         std::to_string(queue.bytes()) + " bytes");
        }
    }
}

// When each retained publish took effect, as far as can be known from outside.
RetainedIsTheLast::Spans RetainedIsTheLast::spans() const {
    Spans found;
    for (const auto& [number, message] : ledger().messages()) {
        if (!message.retain || message.refused || !message.first_sent.has_come()) continue;
        Span span{&message, message.first_sent.at, Time::never(), false};
        if (message.acknowledged.has_come()) {
            span.latest = message.acknowledged.at;
            span.certain = true;
        } else if (message.abandoned.has_come()) {
            span.latest = message.abandoned.at;
        } else if (message.qos == mqtt::QoS::AtMostOnce && !message.is_will) {
            span.latest = message.first_sent.at + Duration{kSlackMs};
        }
        // A client that has given up may have left it behind other packets, which the broker goes on with all the same.
        if (message.handled.has_come()) span.latest = std::max(span.latest, message.handled.at);
        found[message.topic].push_back(span);
    }
    return found;
}

// Unless one that is certain came later and was there before the question.
bool RetainedIsTheLast::may_be_last(const Span& span, const std::vector<Span>& all, Time asked) {
    return std::none_of(all.begin(), all.end(), [&](const Span& other) {
        return other.certain && other.latest < asked && span.latest < other.earliest;
    });
}

bool RetainedIsTheLast::may_be_nothing(const std::vector<Span>& all, Time asked) {
    const bool any_certain =
        std::any_of(all.begin(), all.end(), [&](const Span& span) { return span.certain && span.latest < asked; });
    if (!any_certain) return true;
    return std::any_of(all.begin(), all.end(), [&](const Span& span) {
        const PublishedMessage& message = *span.message;
        const bool expires =
            message.expiry && span.earliest + Duration::seconds(*message.expiry) <= asked + Duration{kSlackMs};
        return (message.clears || expires) && may_be_last(span, all, asked);
    });
}

namespace {

std::string difference(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
    std::string text;
    for (const auto& [topic, payload] : a)
        if (const auto at = b.find(topic); at == b.end() || at->second != payload)
            text.append("; ").append(topic).append(" is ").append(payload).append(" or ").append(
                at == b.end() ? "nothing" : at->second);
    for (const auto& [topic, payload] : b)
        if (!a.contains(topic)) text.append("; ").append(topic).append(" is nothing or ").append(payload);
    return text;
}

}  // namespace

void RetainedIsTheLast::examine(const std::vector<Probe*>& probes, bool quiet) {
    if (scenario().tiny_retained) return;
    const Spans all = spans();
    for (const Probe* probe : probes)
        examine(*probe, all);
    if (!quiet || scenario().drops_are_expected()) return;
    std::set<std::map<std::string, std::string>> views;
    for (const Probe* probe : probes) {
        std::map<std::string, std::string> view;
        for (const Probe::Heard& heard : probe->heard())
            if (heard.retain) view[heard.topic] = heard.payload;
        views.insert(view);
    }
    if (views.size() > 1)
        complain("the shards do not have the same Retained Messages" + difference(*views.begin(), *views.rbegin()));
}

void RetainedIsTheLast::examine(const Probe& probe, const Spans& spans) {
    std::map<std::string, uint64_t> got;
    for (const Probe::Heard& heard : probe.heard())
        if (heard.retain) got.emplace(heard.topic, number_in(heard.payload));
    for (const auto& [topic, all] : spans) {
        if (scenario().hides_topics && topic.starts_with("hidden/")) continue;
        const auto at = got.find(topic);
        if (at == got.end()) {
            const bool dropped = scenario().drops_are_expected();
            if (!may_be_nothing(all, probe.subscribed_at()) && !dropped) complain("nothing is there on " + topic);
            continue;
        }
        const auto span = std::find_if(all.begin(), all.end(),
                                       [&](const Span& other) { return other.message->number == at->second; });
        if (span == all.end()) {
            complain("a message that was not retained is there on " + topic);
            continue;
        }
        if (span->message->clears || !may_be_last(*span, all, probe.subscribed_at()))
            complain("message " + std::to_string(at->second) + " is there on " + topic +
                     ", but a later one was acknowledged");
    }
    for (const auto& [topic, number] : got)
        if (!spans.contains(topic)) complain("a message that was not retained is there on " + topic);
}

void RetainedIsEverywhere::packet_received(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr || !publish->retain || publish->qos == mqtt::QoS::AtMostOnce) return;
    const uint64_t number = number_in(publish->payload);
    open_[{tapped.link, publish->packet_identifier}] = number;
    came_.try_emplace(number, ++order_);
}

void RetainedIsEverywhere::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* ack = std::get_if<mqtt::PublishAck>(&packet);
    if (ack == nullptr || (ack->type != mqtt::PacketType::Puback && ack->type != mqtt::PacketType::Pubrec)) return;
    const auto at = open_.find({tapped.link, ack->packet_identifier});
    if (at == open_.end()) return;
    const PublishedMessage* message = ledger().find(at->second);
    open_.erase(at);
    if (message == nullptr || message->refused || mqtt::is_error(ack->reason)) return;
    if (!scenario().tiny_retained) acknowledged(*message);
    acknowledged_.try_emplace(message->number, ++order_);
}

void RetainedIsEverywhere::acknowledged(const PublishedMessage& message) {
    for (const auto& loop : loops()) {
        loop->shard().retained_messages().match(message.topic, now(), [&](const mqtt::MessageRef& held) {
            const PublishedMessage* other = ledger().find(number_in(held->payload()));
            // What was published again may be the later one.
            if (other == nullptr || other->number == message.number || other->sends > 1) return;
            const auto at = acknowledged_.find(other->number);
            if (at == acknowledged_.end() || at->second > came_.at(message.number)) return;
            complain("message " + std::to_string(message.number) + " was acknowledged on " + message.topic +
                     ", but a shard still has " + std::to_string(other->number));
        });
    }
}

void NothingIsKept::expect_zero(const char* name, uint64_t value) {
    if (value != 0) complain(std::to_string(value) + " " + name);
}

// Everybody is connected and has read everything.
void NothingIsKept::settled() {
    for (const auto& loop : loops()) {
        expect_zero("messages in flight", loop->counters().inflight_messages.value());
        expect_zero("messages queued", loop->counters().queued_messages.value());
    }
}

void NothingIsKept::finished() {
    for (const auto& loop : loops()) {
        const Counters& counters = loop->counters();
        expect_zero("connections", loop->shard().connection_count());
        expect_zero("Sessions", loop->shard().sessions().size());
        expect_zero("connections counted", counters.connections.value());
        expect_zero("Sessions counted", counters.sessions.value());
        expect_zero("subscriptions counted", counters.subscriptions.value());
        expect_zero("Shared Subscriptions counted", counters.shared_subscriptions.value());
        expect_zero("queued messages counted", counters.queued_messages.value());
        expect_zero("queued bytes counted", counters.queued_bytes.value());
        expect_zero("messages in flight counted", counters.inflight_messages.value());
    }
}

}  // namespace runnel::simulation

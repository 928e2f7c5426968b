// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/checkers/session_rules.h"

#include <algorithm>

#include "test/simulation/loop.h"

namespace runnel::simulation {

using mqtt::PacketType;
using mqtt::QoS;

void PacketIdentifiersAreKept::packet_received(Tapped& tapped, const test::AnyPacket& packet) {
    const auto* ack = std::get_if<mqtt::PublishAck>(&packet);
    if (ack == nullptr || ack->type == PacketType::Pubrel || tapped.incarnation == kUnknownIncarnation) return;
    auto& in_flight = in_flight_[tapped.incarnation];
    const auto at = in_flight.find(ack->packet_identifier);
    if (at == in_flight.end()) return;
    const bool first_half = ack->type == PacketType::Pubrec && !mqtt::is_error(ack->reason);
    if (!first_half) at->second.finished = true;
}

void PacketIdentifiersAreKept::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    // Nobody can tell what this Session has sent before.
    if (tapped.incarnation == kUnknownIncarnation) return;
    if (const auto* publish = std::get_if<mqtt::Publish>(&packet)) {
        if (publish->qos != QoS::AtMostOnce) publish_sent(tapped, *publish);
        return;
    }
    const auto* ack = std::get_if<mqtt::PublishAck>(&packet);
    if (ack == nullptr || ack->type != PacketType::Pubrel) return;
    auto& in_flight = in_flight_[tapped.incarnation];
    const auto at = in_flight.find(ack->packet_identifier);
    if (at == in_flight.end()) return;
    at->second.released = true;
    at->second.link = tapped.link;
}

void PacketIdentifiersAreKept::publish_sent(Tapped& tapped, const mqtt::Publish& publish) {
    auto& in_flight = in_flight_[tapped.incarnation];
    const auto at = in_flight.find(publish.packet_identifier);
    const std::string what =
        tapped.client_identifier + ", Packet Identifier " + std::to_string(publish.packet_identifier);
    if (publish.dup) {
        if (at == in_flight.end()) return complain("DUP on what was never sent: " + what);
        return sent_again(tapped, publish, at->second);
    }
    if (at != in_flight.end() && !at->second.finished)
        return complain("used again, or sent again without DUP: " + what);
    in_flight[publish.packet_identifier] = {number_in(publish.payload), publish.qos, ++order_, tapped.link};
}

void PacketIdentifiersAreKept::sent_again(Tapped& tapped, const mqtt::Publish& publish, InFlight& in_flight) {
    const std::string what =
        tapped.client_identifier + ", Packet Identifier " + std::to_string(publish.packet_identifier);
    if (in_flight.number != number_in(publish.payload) || in_flight.qos != publish.qos)
        complain("DUP with another message: " + what);
    if (in_flight.link == tapped.link) complain("sent twice on one connection: " + what);
    if (in_flight.released) complain("PUBLISH after PUBREL: " + what);
    uint64_t& last = last_resent_[tapped.link];
    if (in_flight.order < last) complain("sent again out of order: " + what);
    last = in_flight.order;
    in_flight.link = tapped.link;
    in_flight.finished = false;
}

void WillsAreExact::packet_sent(Tapped& tapped, const test::AnyPacket& packet) {
    if (std::holds_alternative<mqtt::Connack>(packet)) {
        if (tapped.accepted && !tapped.answered) accepted(tapped);
        return;
    }
    const auto* publish = std::get_if<mqtt::Publish>(&packet);
    if (publish == nullptr || !publish->topic.starts_with("w/")) return;
    // A Retained Message that a new subscription brings is not the Will itself.
    if (publish->retain || !observers_.contains(tapped.client_identifier) || publish->dup) return;
    seen(tapped, number_in(publish->payload));
}

void WillsAreExact::accepted(const Tapped& tapped) {
    if (tapped.client_identifier.starts_with(kObserverName)) observers_.insert(tapped.client_identifier);
    if (tapped.terms.has_will) wills_[tapped.terms.will_number];
    const auto at = waiting_.find(tapped.client_identifier);
    if (at == waiting_.end()) return;
    Will& will = wills_[at->second];
    waiting_.erase(at);
    if (!will.seen.empty()) return;
    if (tapped.version == mqtt::ProtocolVersion::V31 && !tapped.terms.clean_start)
        will.fate = Fate::Free;  // Its CONNACK does not say whether the Session was there.
    else if (!tapped.session_present)
        will.due = std::min(will.due, now());  // The Session has ended [MQTT-3.1.2-8].
    else if (now() < will.due)
        will.fate = Fate::Forbidden;  // Back in time [MQTT-3.1.3-9].
    else
        will.fate = Fate::Free;
}

void WillsAreExact::connection_ended(Tapped& tapped, Ended how) {
    if (observers_.contains(tapped.client_identifier)) observers_left_at_ = std::min(observers_left_at_, now());
    if (!tapped.accepted || !tapped.terms.has_will) return;
    Will& will = wills_[tapped.terms.will_number];
    const bool kind = tapped.client_said_goodbye == mqtt::ReasonCode::Success;
    if (how == Ended::ByClient && kind) return;  // [MQTT-3.14.4-3]
    will.fate = Fate::Due;
    will.due = now() + Duration::seconds(std::min(tapped.terms.will_delay, tapped.session_expiry));
    waiting_[tapped.client_identifier] = tapped.terms.will_number;
    // If the queues of all observers are full, it is sent and never seen.
    PublishedMessage* message = ledger().find(tapped.terms.will_number);
    if (scenario().drops_are_expected() && message != nullptr) message->first_sent = ledger().now(now());
}

void WillsAreExact::seen(const Tapped& observer, uint64_t number) {
    Will& will = wills_[number];
    const std::string which = std::to_string(number);
    if (++will.seen[observer.client_identifier] > 1) complain("Will " + which + " came twice");
    if (will.fate == Fate::Forbidden) complain("Will " + which + " came although its client said goodbye or is back");
    if (will.fate == Fate::Due && now() < will.due) complain("Will " + which + " came early");
    if (will.fate == Fate::Due && now() > will.due + Duration{1000 + kSlackMs})
        complain("Will " + which + " came late");
    PublishedMessage* message = ledger().find(number);
    if (message == nullptr || message->acknowledged.has_come()) return;
    if (!message->first_sent.has_come()) message->first_sent = ledger().now(now());
    message->acknowledged = ledger().now(now() + Duration{kSlackMs});
}

void WillsAreExact::finished() {
    uint64_t dropped = 0;
    for (const auto& loop : loops())
        dropped += loop->counters().dropped_queue_full.value();
    for (const auto& [number, will] : wills_) {
        // Observers who left cannot tell.
        if (will.fate != Fate::Due || will.due + Duration{1000 + kSlackMs} > observers_left_at_) continue;
        if (will.seen.size() == observers_.size() || (scenario().drops_are_expected() && dropped > 0)) continue;
        complain("Will " + std::to_string(number) + " did not reach every observer");
    }
}

}  // namespace runnel::simulation

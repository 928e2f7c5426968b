// SPDX-License-Identifier: Apache-2.0
#include "test/simulation/tap.h"

#include "test/golden/packet_text.h"

namespace runnel::simulation {

using mqtt::PropertyId;
using mqtt::ProtocolVersion;

namespace {

uint32_t expiry_of(const mqtt::Connect& connect, uint32_t longest) {
    if (connect.version != ProtocolVersion::V5) return connect.clean_start ? 0 : longest;
    return connect.properties.number_or(PropertyId::SessionExpiryInterval, 0);
}

ConnectTerms terms_of(const mqtt::Connect& connect, uint32_t longest_expiry) {
    ConnectTerms terms;
    terms.client_identifier = connect.client_identifier;
    terms.user_name = connect.user_name.value_or("");
    terms.clean_start = connect.clean_start;
    terms.keep_alive = connect.keep_alive;
    terms.session_expiry = expiry_of(connect, longest_expiry);
    terms.receive_maximum = connect.properties.number_or(PropertyId::ReceiveMaximum, 65'535);
    terms.maximum_packet_size = connect.properties.number_or(PropertyId::MaximumPacketSize, mqtt::kPacketSizeMax);
    terms.topic_alias_maximum = connect.properties.number_or(PropertyId::TopicAliasMaximum, 0);
    terms.enhanced_authentication = connect.properties.has(PropertyId::AuthenticationMethod);
    if (!connect.will) return terms;
    terms.has_will = true;
    terms.will_number = number_in(connect.will->payload);
    terms.will_delay = connect.will->properties.number_or(PropertyId::WillDelayInterval, 0);
    return terms;
}

// Takes whole packets off the front of `stream`.
template <class Visit>
void take_frames(std::string& stream, Visit visit) {
    mqtt::Frame frame;
    size_t used = 0;
    while (used < stream.size()) {
        const std::span<const uint8_t> rest(reinterpret_cast<const uint8_t*>(stream.data()) + used,
                                            stream.size() - used);
        if (mqtt::read_frame(rest, mqtt::kPacketSizeMax, frame) != mqtt::FrameState::Complete) break;
        visit(frame);
        used += frame.size;
    }
    stream.erase(0, used);
}

}  // namespace

void Tap::bytes_received(Tapped& tapped, std::string_view bytes) {
    trace_.note(evidence_.schedule.now(), ">", tapped.link, bytes);
    tapped.input += bytes;
    tapped.waits += bytes;
    take_frames(tapped.input, [&](const mqtt::Frame& frame) { packet_received(tapped, frame); });
}

void Tap::input_handled(Tapped& tapped, size_t waiting) {
    if (tapped.waits.size() <= waiting) return;
    std::string handled = tapped.waits.substr(0, tapped.waits.size() - waiting);
    tapped.waits.erase(0, handled.size());
    take_frames(handled, [&](const mqtt::Frame& frame) {
        tapped.last_handled = evidence_.schedule.now();
        const test::Decoded decoded = test::decode_any(frame, tapped.version);
        if (const auto* disconnect = std::get_if<mqtt::Disconnect>(&decoded.packet)) note_goodbye(tapped, *disconnect);
        if (std::holds_alternative<mqtt::Publish>(decoded.packet))
            evidence_.ledger.publish_handled(tapped.link, tapped.last_handled);
        for (const auto& checker : checkers_)
            checker->packet_handled(tapped, decoded.packet);
    });
}

void Tap::packet_received(Tapped& tapped, const mqtt::Frame& frame) {
    tapped.last_received = evidence_.schedule.now();
    tapped.packet_size = frame.size;
    ++packets_;
    const test::Decoded decoded = test::decode_any(frame, tapped.version);
    print(tapped, ">", decoded.packet);
    if (const auto* connect = std::get_if<mqtt::Connect>(&decoded.packet)) {
        tapped.version = connect->version;
        tapped.connect_received = true;
        tapped.terms = terms_of(*connect, evidence_.scenario.settings.max_expiry_seconds);
        tapped.client_identifier = tapped.terms.client_identifier;
        tapped.keep_alive = connect->keep_alive;
    }
    for (const auto& checker : checkers_)
        checker->packet_received(tapped, decoded.packet);
}

void Tap::note_goodbye(Tapped& tapped, const mqtt::Disconnect& packet) const {
    tapped.client_said_goodbye = packet.reason;
    if (packet.properties.has(PropertyId::SessionExpiryInterval))
        tapped.goodbye_expiry = packet.properties.number(PropertyId::SessionExpiryInterval);
}

void Tap::bytes_made(Tapped& tapped, std::string_view bytes) {
    tapped.output += bytes;
    take_frames(tapped.output, [&](const mqtt::Frame& frame) { packet_sent(tapped, frame); });
}

void Tap::packet_sent(Tapped& tapped, const mqtt::Frame& frame) {
    tapped.packet_size = frame.size;
    ++packets_;
    if (frame.type() != mqtt::PacketType::Pingresp) last_movement_ = evidence_.schedule.now();
    const test::Decoded decoded = test::decode_any(frame, tapped.version);
    print(tapped, "<", decoded.packet);
    if (decoded.error)
        return evidence_.complaints.add(evidence_.schedule.now(), "packets are well-formed",
                                        "link " + std::to_string(tapped.link) + ": " + decoded.error.what);
    const auto* connack = std::get_if<mqtt::Connack>(&decoded.packet);
    if (connack != nullptr && !tapped.answered) book_.answered(tapped, *connack);
    for (const auto& checker : checkers_)
        checker->packet_sent(tapped, decoded.packet);
    if (connack != nullptr) tapped.answered = true;
    if (std::holds_alternative<mqtt::Disconnect>(decoded.packet)) tapped.broker_said_goodbye = true;
}

void Tap::lost(Tapped& tapped) {
    tapped.lost = true;
    trace_.note(evidence_.schedule.now(), "lost", tapped.link, {});
    if (trace_.prints()) trace_.line(evidence_.schedule.now(), "link " + std::to_string(tapped.link) + " lost");
}

void Tap::closed(Tapped& tapped) {
    if (tapped.ended) return;
    tapped.ended = true;
    trace_.note(evidence_.schedule.now(), "closed", tapped.link, {});
    Ended how = Ended::ByBroker;
    if (tapped.lost)
        how = Ended::Lost;
    else if (tapped.client_said_goodbye && !tapped.broker_said_goodbye && tapped.accepted)
        how = Ended::ByClient;
    if (trace_.prints())
        trace_.line(evidence_.schedule.now(), "link " + std::to_string(tapped.link) + " " + tapped.client_identifier +
                                                  (how == Ended::Lost ? " ends: lost" : " ends: closed"));
    book_.ended(tapped, how);
    for (const auto& checker : checkers_)
        checker->connection_ended(tapped, how);
}

void Tap::print(const Tapped& tapped, const char* direction, const test::AnyPacket& packet) const {
    if (!trace_.prints()) return;
    std::string text = test::text_of(packet, tapped.version);
    constexpr size_t kLineMax = 300;
    if (text.size() > kLineMax) text.resize(kLineMax);
    trace_.line(evidence_.schedule.now(),
                std::to_string(tapped.link) + " " + tapped.client_identifier + " " + direction + " " + text);
}

}  // namespace runnel::simulation

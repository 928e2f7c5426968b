// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/client.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdio>

#include "broker/mqtt/encoder.h"
#include "cli/runnelctl/clock.h"

namespace runnel::ctl {

using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::QoS;

namespace {

constexpr Duration kGoodbyePatience{2000};

// MQTT 3.1 allows 23 characters.
std::string random_identifier() {
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<uint64_t>(wall_now().tv_nsec);
    char text[24];
    std::snprintf(text, sizeof text, "runnelctl-%012llx", static_cast<unsigned long long>(number >> 16));
    return text;
}

// Empty only where the broker assigns one.
std::string identifier_for(const ClientOptions& options) {
    if (!options.client_identifier.empty() || options.version == ProtocolVersion::V5) return options.client_identifier;
    return random_identifier();
}

}  // namespace

Client::Client(const ClientOptions& options, ClientListener& listener, int stop_descriptor)
    : options_(options), listener_(listener), client_identifier_(identifier_for(options)), stream_(stop_descriptor) {}

void Client::debug(const std::string& line) const {
    if (options_.debug) std::fprintf(stderr, "%s\n", line.c_str());
}

// Connecting.

std::optional<Failure> Client::connect(Time deadline) {
    stream_.close();
    is_accepted_ = false;
    ping_sent_ = Time::never();
    aliases_.clear();
    if (auto fault = stream_.connect(options_.endpoint, deadline)) return Failure{*fault, 1, false};
    debug("> CONNECT to " + options_.endpoint.text());
    append_connect();
    return await_connack(deadline);
}

void Client::append_connect() {
    mqtt::Connect connect;
    connect.version = options_.version;
    connect.clean_start = options_.clean_start;
    connect.keep_alive = options_.keep_alive;
    connect.client_identifier = client_identifier_;
    if (options_.user_name) connect.user_name = *options_.user_name;
    if (options_.password) connect.password = *options_.password;
    connect.properties = options_.properties.of(PropertyTarget::Connect).view();
    if (options_.session_expiry) connect.properties.set(PropertyId::SessionExpiryInterval, *options_.session_expiry);
    if (options_.will) {
        mqtt::WillFields& will = connect.will.emplace();
        will.qos = options_.will->qos;
        will.retain = options_.will->retain;
        will.topic = options_.will->topic;
        will.payload = options_.will->payload;
        will.properties = options_.properties.of(PropertyTarget::Will).view();
    }
    encode(connect, stream_.output);
    keep_alive_ = Duration::seconds(options_.keep_alive);
    last_sent_ = monotonic_now();
}

std::optional<Failure> Client::await_connack(Time deadline) {
    while (!is_accepted_) {
        if (auto failure = turn(deadline)) {
            if (is_accepted_) return failure;
            if (failure->text == "the broker closed the connection") failure->text += " before it answered CONNECT";
            return failure;
        }
        if (is_accepted_) break;
        if (is_stopped()) return lost({"stopped", 1, true});
        if (monotonic_now() >= deadline)
            return lost({"no answer to CONNECT from " + options_.endpoint.text(), 1, false});
    }
    return std::nullopt;
}

void Client::take_limits(const mqtt::Connack& connack) {
    const mqtt::Properties& properties = connack.properties;
    client_identifier_ = properties.text_or(PropertyId::AssignedClientIdentifier, client_identifier_);
    window_ = std::min<uint32_t>(options_.inflight_max, properties.number_or(PropertyId::ReceiveMaximum, 65535));
    maximum_qos_ = properties.number_or(PropertyId::MaximumQoS, 2);
    retain_available_ = properties.number_or(PropertyId::RetainAvailable, 1) != 0;
    maximum_packet_size_ = properties.number_or(PropertyId::MaximumPacketSize, mqtt::kPacketSizeMax);
    topic_alias_maximum_ = properties.number_or(PropertyId::TopicAliasMaximum, 0);
    if (properties.has(PropertyId::ServerKeepAlive))
        keep_alive_ = Duration::seconds(properties.number(PropertyId::ServerKeepAlive));
}

// [MQTT-4.4.0-1]
void Client::resume(bool session_present) {
    requests_.clear();
    if (!session_present) incoming_.clear();
    for (auto& [identifier, outgoing] : outgoing_) {
        if (!session_present) outgoing.is_released = false;
        if (outgoing.is_released) {
            acknowledge(mqtt::PacketType::Pubrel, identifier);
            continue;
        }
        const size_t start = stream_.output.size();
        stream_.output += outgoing.packet;
        if (session_present) stream_.output[start] |= 8;
    }
}

std::optional<Failure> Client::lost(Failure failure) {
    stream_.close();
    return failure;
}

// One turn.

std::optional<Failure> Client::turn(Time deadline, std::span<pollfd> others) {
    const size_t waiting = stream_.output.size();
    const auto loss = stream_.turn(std::min(deadline, next_keep_alive()), others);
    const Time now = monotonic_now();
    if (stream_.output.size() < waiting) last_sent_ = now;
    if (auto failure = take_packets()) return lost(*failure);
    if (loss) return lost({*loss, 1, false});
    return keep_alive(now);
}

std::optional<Failure> Client::take_packets() {
    std::string_view rest = stream_.input;
    while (!rest.empty()) {
        mqtt::Frame frame;
        const std::span bytes(reinterpret_cast<const uint8_t*>(rest.data()), rest.size());
        const auto state = read_frame(bytes, mqtt::kPacketSizeMax, frame);
        if (state == mqtt::FrameState::Partial) break;
        if (state != mqtt::FrameState::Complete)
            return refuse(mqtt::ReasonCode::MalformedPacket, "what the broker sent is not MQTT");
        if (auto failure = handle_packet(frame)) return failure;
        rest.remove_prefix(frame.size);
    }
    stream_.input.erase(0, stream_.input.size() - rest.size());
    return std::nullopt;
}

// A quarter of the time is left for the way to the broker.
Time Client::next_keep_alive() const {
    if (keep_alive_.ms == 0 || !is_accepted_) return Time::never();
    if (ping_sent_ != Time::never()) return ping_sent_ + keep_alive_;
    return last_sent_ + Duration{keep_alive_.ms * 3 / 4};
}

std::optional<Failure> Client::keep_alive(Time now) {
    if (now < next_keep_alive()) return std::nullopt;
    if (ping_sent_ != Time::never()) return lost({"the broker does not answer PINGREQ", 1, false});
    debug("> PINGREQ");
    mqtt::encode_pingreq(stream_.output);
    ping_sent_ = now;
    return std::nullopt;
}

// What the command asks for.

mqtt::PacketIdentifier Client::next_identifier() {
    do {
        ++last_identifier_;
    } while (last_identifier_ == 0 || outgoing_.contains(last_identifier_) || requests_.contains(last_identifier_));
    return last_identifier_;
}

std::optional<Failure> Client::publish_fault(const mqtt::Publish& publish) const {
    const auto fault = [](mqtt::ReasonCode reason, const std::string& text) {
        return Failure{text, static_cast<int>(reason), true};
    };
    if (static_cast<uint32_t>(publish.qos) > maximum_qos_)
        return fault(mqtt::ReasonCode::QoSNotSupported,
                     "the broker takes no QoS above " + std::to_string(maximum_qos_));
    if (publish.retain && !retain_available_)
        return fault(mqtt::ReasonCode::RetainNotSupported, "the broker keeps no Retained Messages");
    if (publish.properties.number_or(PropertyId::TopicAlias, 0) > topic_alias_maximum_)
        return fault(mqtt::ReasonCode::TopicAliasInvalid,
                     "the broker takes no Topic Alias above " + std::to_string(topic_alias_maximum_));
    const size_t size = 16 + publish.topic.size() + publish.payload.size() + encoded_size(publish.properties);
    if (size > mqtt::kPacketSizeMax - 16 || (size > maximum_packet_size_ + size_t{16}))
        return fault(mqtt::ReasonCode::PacketTooLarge, "the message is larger than the broker takes (" +
                                                           std::to_string(maximum_packet_size_) + " bytes)");
    return std::nullopt;
}

void Client::publish(mqtt::Publish publish) {
    if (publish.qos == QoS::AtMostOnce) {
        encode(publish, options_.version, stream_.output);
        return;
    }
    publish.packet_identifier = next_identifier();
    Outgoing& outgoing = outgoing_[publish.packet_identifier];
    encode(publish, options_.version, outgoing.packet);
    stream_.output += outgoing.packet;
}

void Client::subscribe(mqtt::Subscribe subscribe) {
    subscribe.packet_identifier = next_identifier();
    requests_.insert(subscribe.packet_identifier);
    encode(subscribe, options_.version, stream_.output);
}

void Client::unsubscribe(mqtt::Unsubscribe unsubscribe) {
    unsubscribe.packet_identifier = next_identifier();
    requests_.insert(unsubscribe.packet_identifier);
    encode(unsubscribe, options_.version, stream_.output);
}

void Client::disconnect() {
    if (!stream_.is_open()) return;
    debug("> DISCONNECT");
    mqtt::Disconnect disconnect;
    disconnect.properties = options_.properties.of(PropertyTarget::Disconnect).view();
    encode(disconnect, options_.version, stream_.output);
    stream_.finish(monotonic_now() + kGoodbyePatience);
}

}  // namespace runnel::ctl

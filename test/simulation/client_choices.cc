// SPDX-License-Identifier: Apache-2.0
// What a client does of its own accord.
#include <algorithm>

#include "test/simulation/client.h"
#include "test/simulation/rules.h"
#include "test/simulation/world.h"

namespace runnel::simulation {

using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::QoS;
using mqtt::ReasonCode;

void Client::begin() {
    think();
}

void Client::think() {
    if (mood_ == Mood::Gone) return;
    act();
    const int64_t pause = mood_ == Mood::Busy ? world_.scenario().think_ms : 100;
    world_.schedule().after(chance_.between(1, pause), [this] { think(); });
}

void Client::act() {
    if (!is_linked()) return act_offline();
    if (mood_ == Mood::Calm) return act_calmly();
    if (actions_left_ > 0) --actions_left_;
    if (!connected_) {  // CONNACK has not come.
        if (chance_.percent(5)) cut_link();
        return;
    }
    if (chance_.percent(60)) flush_answers(1 + chance_.below(4));
    keep_alive();
    const uint64_t choice = chance_.below(100);
    if (choice < 50) return publish();
    if (choice < 66) return subscribe();
    if (choice < 71) return unsubscribe();
    if (choice < 75) return send(test::Ping{});
    if (choice < 78) return disconnect();
    if (choice < 82) return cut_link();
    if (choice < 84) return take_over();
    if (choice < 86) return link_->pause(true);
    if (choice < 93) return link_->pause(false);
    if (choice < 94) return world_.break_in(identifier_);
    answers_late_ = chance_.percent(50);
}

void Client::act_offline() {
    if (mood_ == Mood::Calm && !wants_back()) return session_lost();
    if (world_.schedule().now() < reconnects_at_) return;
    if (mood_ == Mood::Busy && actions_left_ == 0) return;
    if (actions_left_ > 0) --actions_left_;
    connect();
}

void Client::act_calmly() {
    link_->pause(false);
    flush_answers(answers_.size());
    silent_ = false;
    if (connected_) keep_alive();
}

bool Client::wants_back() const {
    return may_be_kept_ && !identifier_.empty();
}

void Client::keep_alive() {
    if (keep_alive_ == 0 || silent_) return;
    if (world_.schedule().now() - last_sent_ >= Duration{int64_t{keep_alive_} * 600}) send(test::Ping{});
}

void Client::connect() {
    const bool calm = mood_ == Mood::Calm;
    if (calm && world_.scenario().full_queues_disconnect() && ++calm_connects_ > kPatience) must_start_clean_ = true;
    mqtt::Connect connect;
    connect.version = chance_.one_of(
        {ProtocolVersion::V31, ProtocolVersion::V311, ProtocolVersion::V5, ProtocolVersion::V5, ProtocolVersion::V5});
    if (calm || identifier_.empty()) connect.version = chance_.one_of({ProtocolVersion::V311, ProtocolVersion::V5});
    if (!outgoing_.empty()) connect.version = version_;  // What is sent again has the same properties.
    connect.client_identifier = identifier_;
    connect.clean_start = must_start_clean_ || identifier_.empty() || (!calm && chance_.percent(25));
    connect.keep_alive = static_cast<uint16_t>(chance_.percent(30) ? chance_.between(1, 5) : 0);
    silent_ = chance_.percent(15);
    if (connect.version == ProtocolVersion::V5) choose_properties(connect);
    own_alias_maximum_ = connect.properties.number_or(PropertyId::TopicAliasMaximum, 0);
    own_maximum_packet_size_ = connect.properties.number_or(PropertyId::MaximumPacketSize, mqtt::kPacketSizeMax);
    std::string topic, payload;
    if (!calm && chance_.percent(50)) choose_will(connect, topic, payload);
    if (chance_.percent(50)) connect.user_name = chance_.percent(50) ? "slow" : "quick";
    if (!calm && connect.user_name && chance_.percent(5)) connect.password = kWrongPassword;

    const bool kept = connect.version == ProtocolVersion::V5
                          ? connect.properties.number_or(PropertyId::SessionExpiryInterval, 0) != 0
                          : !connect.clean_start;
    may_be_kept_ = may_be_kept_ || kept;
    if (connect.clean_start) {
        session_lost();
        must_start_clean_ = true;  // Until it is sure that the broker has begun anew, too.
    }
    open_link(connect.version);
    send(connect);
}

void Client::choose_properties(mqtt::Connect& connect) {
    mqtt::Properties& properties = connect.properties;
    const bool calm = mood_ == Mood::Calm;
    if (calm || chance_.percent(70))
        properties.set(PropertyId::SessionExpiryInterval, calm ? 60u : chance_.one_of({0u, 1u, 10u, 60u, 0xFFFFFFFFu}));
    if (identifier_.empty()) properties.erase(PropertyId::SessionExpiryInterval);
    if (chance_.percent(40))
        properties.set(PropertyId::ReceiveMaximum, static_cast<uint32_t>(chance_.one_of({1, 2, 5, 20})));
    if (!calm && chance_.percent(15))
        properties.set(PropertyId::MaximumPacketSize, static_cast<uint32_t>(chance_.between(150, 600)));
    if (chance_.percent(40))
        properties.set(PropertyId::TopicAliasMaximum, static_cast<uint32_t>(chance_.one_of({1, 2, 10})));
    if (chance_.percent(10)) properties.set(PropertyId::RequestProblemInformation, 0);
    if (!calm && chance_.percent(10)) properties.set(PropertyId::AuthenticationMethod, kAuthenticationMethod);
}

void Client::choose_will(mqtt::Connect& connect, std::string& topic, std::string& payload) {
    const shard::Settings& settings = world_.scenario().settings;
    PublishedMessage& message = world_.ledger().add_message();
    message.is_will = true;
    message.sends = 1;
    message.publisher = identifier_;
    message.topic = "w/" + identifier_;
    message.qos = static_cast<QoS>(chance_.below(settings.max_qos + 1u));
    message.retain = settings.retain_available && chance_.percent(30);
    topic = message.topic;
    payload = payload_of(message);
    mqtt::WillFields& will = connect.will.emplace();
    will.topic = topic;
    will.payload = payload;
    will.qos = message.qos;
    will.retain = message.retain;
    if (connect.version == ProtocolVersion::V5 && chance_.percent(60))
        will.properties.set(PropertyId::WillDelayInterval, chance_.one_of({0u, 1u, 3u, 10u}));
}

// Returns its number.
uint64_t Client::choose_message() {
    const shard::Settings& settings = world_.scenario().settings;
    PublishedMessage& message = world_.ledger().add_message();
    message.publisher = link_->tapped.client_identifier;
    message.sequence = ++sequence_;
    message.topic = chance_.one_of({"a/1", "a/2", "a/b/c", "b/1", "b/2", "b/b/x", "s/1", "s/2", "s/x/y", "r/1", "r/2"});
    if (chance_.percent(5)) message.topic = "hidden/1";
    if (chance_.percent(3)) message.topic = "denied/1";
    message.refused = is_denied(message.topic);
    message.qos = static_cast<QoS>(chance_.below(settings.max_qos + 1u));
    message.retain = settings.retain_available && chance_.percent(25);
    message.clears = message.retain && chance_.percent(15);
    if (version_ == ProtocolVersion::V5) {
        if (chance_.percent(15)) message.expiry = static_cast<uint32_t>(chance_.between(1, 5));
        message.has_content_type = chance_.percent(20);
    }
    const int64_t longest = chance_.percent(85) ? 50 : chance_.one_of({1000, 3000, 6000});
    const int64_t fits = std::max<int64_t>(0, int64_t{maximum_packet_size_} - 120);
    message.padding = message.clears ? 0 : static_cast<size_t>(chance_.between(0, std::min(longest, fits)));
    return message.number;
}

void Client::publish() {
    if (outgoing_.size() >= receive_maximum_) return;
    const PublishedMessage& message = *world_.ledger().find(choose_message());
    mqtt::PacketIdentifier identifier = 0;
    if (message.qos != QoS::AtMostOnce) {
        identifier = free_identifier();
        outgoing_.push_back(
            {identifier, message.number, message.qos == QoS::AtLeastOnce ? Step::Puback : Step::Pubrec, 0});
    }
    send_publish(message, identifier, false);
}

void Client::choose_subscription(SubscriptionRecord& record) {
    if (uses_shared_ && chance_.percent(50)) {
        record.share_name = chance_.one_of({"one", "two"});
        record.filter = chance_.one_of({"s/#", "s/+", "s/1"});
        record.options.qos = record.share_name == "one" ? QoS::AtLeastOnce : QoS::ExactlyOnce;
    } else {
        record.filter = chance_.one_of({"a/#", "a/+", "a/1", "b/2", "+/b/#", "b/#", "r/1", "r/#", "hidden/#"});
        if (!uses_shared_ && chance_.percent(40)) record.filter = chance_.one_of({"#", "+/+", "+/#", "s/1", "s/#"});
        if (chance_.percent(3)) record.filter = "denied/1";
        record.options.qos = static_cast<QoS>(chance_.below(3));
    }
    if (version_ != ProtocolVersion::V5) return;
    record.options.no_local = !record.is_shared() && chance_.percent(20);
    record.options.retain_as_published = chance_.percent(30);
    record.options.retain_handling = static_cast<mqtt::RetainHandling>(chance_.below(3));
}

void Client::subscribe() {
    mqtt::Subscribe packet;
    packet.packet_identifier = free_identifier();
    uint32_t identifier = 0;
    if (version_ == ProtocolVersion::V5 && chance_.percent(50)) {
        identifier = static_cast<uint32_t>(chance_.between(1, 300));
        packet.properties.set(PropertyId::SubscriptionIdentifier, identifier);
    }
    Request request;
    std::vector<std::string> filters;
    const Moment now = world_.ledger().now(world_.schedule().now());
    for (uint64_t count = 1 + chance_.below(3); count > 0; --count) {
        SubscriptionRecord record;
        choose_subscription(record);
        record.identifier = identifier;
        record.asked = now;
        for (SubscriptionRecord& other : session().subscriptions)
            if (other.filter == record.filter && other.share_name == record.share_name && !other.ended.has_come())
                other.ended = now;
        filters.push_back(record.is_shared() ? "$share/" + record.share_name + "/" + record.filter : record.filter);
        packet.requests.push_back({{}, record.options});
        request.records.push_back(session().subscriptions.size());
        session().subscriptions.push_back(record);
    }
    for (size_t i = 0; i < filters.size(); ++i)
        packet.requests[i].filter = filters[i];
    requests_[packet.packet_identifier] = request;
    send(packet);
}

void Client::unsubscribe() {
    std::vector<SubscriptionRecord>& records = session().subscriptions;
    if (records.empty()) return;
    const SubscriptionRecord chosen = records[chance_.below(records.size())];
    const Moment now = world_.ledger().now(world_.schedule().now());
    for (SubscriptionRecord& record : records)
        if (record.filter == chosen.filter && record.share_name == chosen.share_name && !record.ended.has_come())
            record.ended = now;
    const std::string filter = chosen.is_shared() ? "$share/" + chosen.share_name + "/" + chosen.filter : chosen.filter;
    mqtt::Unsubscribe packet;
    packet.packet_identifier = free_identifier();
    packet.filters.push_back(filter);
    requests_[packet.packet_identifier] = {false, {}};
    send(packet);
}

void Client::disconnect() {
    mqtt::Disconnect packet;
    if (version_ == ProtocolVersion::V5) {
        if (chance_.percent(30)) packet.reason = ReasonCode::DisconnectWithWill;
        if (link_->tapped.session_expiry != 0 && chance_.percent(30))
            packet.properties.set(PropertyId::SessionExpiryInterval, chance_.one_of({0u, 2u, 20u, 0xFFFFFFFFu}));
    }
    send(packet);
    finish_link();
}

// The old connection is still there, for all this client knows or does not know.
void Client::take_over() {
    abandon_link();
    connect();
}

void Client::leave() {
    mood_ = Mood::Gone;
    if (!is_linked()) return;
    if (!connected_) return cut_link();
    mqtt::Disconnect packet;
    if (version_ == ProtocolVersion::V5 && link_->tapped.session_expiry != 0)
        packet.properties.set(PropertyId::SessionExpiryInterval, 0);
    send(packet);
    finish_link();
}

}  // namespace runnel::simulation

// SPDX-License-Identifier: Apache-2.0
// CONNECT (section 3.1): who is it, which Session is it, may it come in.
#include <array>

#include "broker/mqtt/encoder.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

void Shard::handle_connect(Connection& connection, const mqtt::Frame& frame, std::string_view rest, Time now) {
    mqtt::Connect connect;
    mqtt::ConnectRefusal refusal;
    const mqtt::DecodeLimits limits{settings_.max_user_properties};
    const mqtt::DecodeError error = mqtt::decode_connect(frame, limits, connect, refusal);
    if (error && refusal.recognized != mqtt::ConnectRecognized::Yes)
        return refuse_unrecognized(connection, refusal, now);
    connection.version = connect.version;
    connection.packet_size_max = connect.properties.number_or(PropertyId::MaximumPacketSize, mqtt::kPacketSizeMax);
    connection.problem_information = connect.properties.number_or(PropertyId::RequestProblemInformation, 1) != 0;
    if (error) {
        // MQTT 3 gets no CONNACK for a CONNECT that breaks the format [MQTT-3.1.4-1].
        if (connect.version == ProtocolVersion::V5) return refuse_connect(connection, error.reason, error.what, now);
        refuse(connection, error, now);
        return;
    }
    std::string assigned;
    if (connect.client_identifier.empty()) {
        const bool allowed =
            connect.version == ProtocolVersion::V5 || (connect.version == ProtocolVersion::V311 && connect.clean_start);
        if (!allowed)  // [MQTT-3.1.3-8]
            return refuse_connect(connection, ReasonCode::ClientIdentifierNotValid, "the Client Identifier is empty",
                                  now);
    } else if (const PeerIndex owner = environment_.placement.owner_of_client(connect.client_identifier);
               owner != self()) {
        effects_.hand_overs.push_back({connection.id, owner, std::move(connection.address), std::string(rest)});
        connection.stage = Connection::Stage::Closing;
        timers_.cancel(connection.timer);
        ended_connections_.push_back(connection.id.slot);
        return;
    }
    // The packet is kept, since the answer of the authenticator may come when the bytes it lies in are gone.
    connection.pending_connect = std::make_unique<PendingConnect>();
    connection.pending_connect->packet.assign(rest.substr(0, frame.size));
    connection.pending_connect->client_identifier = connect.client_identifier;
    connection.pending_connect->user_name = connect.user_name.value_or(std::string_view());
    if (const auto fault = find_fault(connect)) return refuse_connect(connection, fault->first, fault->second, now);
    authenticate(connection, connect, now);
}

// What this broker is configured not to do, and what its limits forbid.
std::optional<std::pair<ReasonCode, const char*>> Shard::find_fault(const mqtt::Connect& connect) const {
    if (!connect.will) return std::nullopt;
    const mqtt::WillFields& will = *connect.will;
    if (static_cast<uint8_t>(will.qos) > settings_.max_qos)  // [MQTT-3.2.2-12]
        return std::pair{ReasonCode::QoSNotSupported, "the Will QoS is above Maximum QoS"};
    if (will.retain && !settings_.retain_available)  // [MQTT-3.2.2-13]
        return std::pair{ReasonCode::RetainNotSupported, "Retained Messages are switched off"};
    if (mqtt::level_count(will.topic) > settings_.max_topic_levels)
        return std::pair{ReasonCode::TopicNameInvalid, "the Will Topic has too many levels"};
    if (will.topic.starts_with('$'))
        return std::pair{ReasonCode::NotAuthorized, "topics that start with $ belong to the broker"};
    if (settings_.check_payload_format && will.properties.number_or(PropertyId::PayloadFormatIndicator, 0) == 1 &&
        !mqtt::is_valid_utf8(will.payload))
        return std::pair{ReasonCode::PayloadFormatInvalid, "the Will Payload is not UTF-8 as announced"};
    return std::nullopt;
}

// The name is not MQTT: close. The name is right and the level is not: say so in the form that the level suggests.
void Shard::refuse_unrecognized(Connection& connection, const mqtt::ConnectRefusal& refusal, Time now) {
    counters_.connections_refused.add();
    if (may_log(now))
        log_.info("connection refused: not a version of MQTT that this broker speaks",
                  {{"address", connection.address.text}, {"level", refusal.level}});
    if (refusal.recognized == mqtt::ConnectRecognized::UnsupportedVersion) {
        mqtt::Connack packet;
        packet.reason = ReasonCode::UnsupportedProtocolVersion;
        packet.return_code = mqtt::connect_return_code_of(packet.reason);
        mqtt::encode(packet, refusal.level > 5 ? ProtocolVersion::V5 : ProtocolVersion::V311, scratch_);
        send_packet(connection);
    }
    close(connection, Ending::WithoutWill, now);
}

// `why` is for the client; `cause` says more to the log, if there is more to say.
void Shard::refuse_connect(Connection& connection, ReasonCode reason, std::string_view why, Time now,
                           std::string_view cause) {
    counters_.connections_refused.add();
    if (may_log(now)) {
        const PendingConnect* pending = connection.pending_connect.get();
        log_.info("connection refused", {{"client", pending == nullptr ? std::string() : pending->client_identifier},
                                         {"user", pending == nullptr ? std::string() : pending->user_name},
                                         {"address", connection.address.text},
                                         {"reason", mqtt::name_of(reason)},
                                         {"why", cause.empty() ? why : cause}});
    }
    mqtt::Connack packet;
    packet.reason = reason;
    packet.return_code = mqtt::connect_return_code_of(reason);
    if (connection.version == ProtocolVersion::V5) {
        if (!why.empty()) packet.properties.set(PropertyId::ReasonString, why);
        mqtt::encode(packet, connection.version, scratch_);
        if (scratch_.size() > connection.packet_size_max) {  // [MQTT-3.2.2-19]
            scratch_.clear();
            packet.properties = {};
            mqtt::encode(packet, connection.version, scratch_);
        }
        if (scratch_.size() <= connection.packet_size_max) send_packet(connection);
        scratch_.clear();
    } else if (packet.return_code != 0) {  // [MQTT-3.2.2-6]
        mqtt::encode(packet, connection.version, scratch_);
        send_packet(connection);
    }
    close(connection, Ending::WithoutWill, now);
}

// Nobody can guess it, and this shard owns it, so that the connection stays where it is.
std::string Shard::assigned_client_identifier() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string identifier;
    do {
        identifier = "auto-";
        for (int half = 0; half < 2; ++half) {
            uint64_t number = environment_.secrets.next();
            for (int digit = 0; digit < 16; ++digit, number >>= 4)
                identifier += kDigits[number & 15];
        }
    } while (environment_.placement.owner_of_client(identifier) != self() || sessions_.find(identifier) != nullptr);
    return identifier;
}

api::Credentials Shard::credentials_of(const Connection& connection, const mqtt::Connect& connect) const {
    api::Credentials credentials;
    credentials.client_identifier = connect.client_identifier;
    if (connect.user_name) credentials.user_name = std::string(*connect.user_name);
    if (connect.password) credentials.password = std::string(*connect.password);
    credentials.address = connection.address.text;
    credentials.loopback = connection.address.loopback;
    return credentials;
}

void Shard::authenticate(Connection& connection, const mqtt::Connect& connect, Time now) {
    connection.stage = Connection::Stage::Authenticating;
    if (connect.properties.has(PropertyId::AuthenticationMethod)) return begin_exchange(connection, connect, now);
    if (connection.address.identity && !connect.user_name && !connect.password) {
        api::AuthenticationOutcome shown;
        shown.reason = ReasonCode::Success;
        shown.identity = *connection.address.identity;
        return authentication_answered(connection.id, std::move(shown), now);
    }
    api::Credentials credentials = credentials_of(connection, connect);
    if (auto outcome = environment_.authenticator->quick_check(credentials))
        return authentication_answered(connection.id, std::move(*outcome), now);
    stall(connection);
    effects_.questions.push_back({connection.id, std::move(credentials)});
}

void Shard::authentication_answered(ConnectionId id, api::AuthenticationOutcome outcome, Time now) {
    now_ = now;
    Connection* connection = find(id);
    if (connection == nullptr || connection->stage != Connection::Stage::Authenticating) return;
    const bool waited = std::exchange(connection->stalled, false);
    if (outcome.accepted()) {
        finish_connect(*connection, std::move(outcome.identity), now);
    } else {
        const bool bad = outcome.reason == ReasonCode::BadUserNameOrPassword;
        if (outcome.reason != ReasonCode::ServerBusy) counters_.logins_refused.add();
        refuse_connect(*connection, outcome.reason, bad ? "user name or password is wrong" : "not authorized", now,
                       outcome.why);
    }
    if (!waited) return;
    if (connection->stage != Connection::Stage::Closing) resume_input(*connection, now);
    carry_out_deferred(now);
}

bool Shard::may_have_will(const mqtt::Connect& connect, const api::Identity& identity) const {
    return !connect.will ||
           environment_.access->may_publish({identity, connect.client_identifier}, connect.will->topic);
}

namespace {

// Everything of the property block that goes to subscribers as it came: see ApplicationMessage::Fields.
std::string forwarded_properties_of(const mqtt::Properties& properties) {
    std::string forwarded;
    std::string_view block = properties.encoded();
    while (const auto property = mqtt::take_property(block)) {
        switch (property->id) {
            case PropertyId::MessageExpiryInterval:
            case PropertyId::WillDelayInterval: break;
            default: forwarded.append(property->raw);
        }
    }
    return forwarded;
}

std::unique_ptr<session::Will> will_of(const mqtt::Connect& connect) {
    if (!connect.will) return nullptr;
    auto will = std::make_unique<session::Will>();
    will->topic = connect.will->topic;
    will->payload = connect.will->payload;
    will->qos = connect.will->qos;
    will->retain = connect.will->retain;
    const mqtt::Properties& properties = connect.will->properties;
    will->forwarded_properties = forwarded_properties_of(properties);
    will->has_expiry = properties.has(PropertyId::MessageExpiryInterval);
    will->message_expiry_interval = properties.number_or(PropertyId::MessageExpiryInterval, 0);
    will->delay_interval = properties.number_or(PropertyId::WillDelayInterval, 0);
    return will;
}

uint32_t expiry_of(const mqtt::Connect& connect, uint32_t max_seconds) {
    if (connect.version != ProtocolVersion::V5) return connect.clean_start ? 0 : max_seconds;
    return std::min(connect.properties.number_or(PropertyId::SessionExpiryInterval, 0), max_seconds);
}

// What the broker goes by: the client's own value, unless the configuration says otherwise [MQTT-3.2.2-22].
uint16_t keep_alive_of(const mqtt::Connect& connect, const Settings& settings) {
    if (settings.server_keep_alive != 0) return settings.server_keep_alive;
    if (settings.max_keep_alive != 0 && (connect.keep_alive == 0 || connect.keep_alive > settings.max_keep_alive))
        return settings.max_keep_alive;
    return connect.keep_alive;
}

}  // namespace

void Shard::finish_connect(Connection& connection, api::Identity identity, Time now) {
    const std::string packet = std::move(connection.pending_connect->packet);
    const std::string authentication_data = std::move(connection.pending_connect->authentication_data);
    mqtt::Frame frame;
    mqtt::Connect connect;
    mqtt::ConnectRefusal refusal;
    mqtt::read_frame({reinterpret_cast<const uint8_t*>(packet.data()), packet.size()}, mqtt::kPacketSizeMax, frame);
    const mqtt::DecodeError error = mqtt::decode_connect(frame, {settings_.max_user_properties}, connect, refusal);
    RUNNEL_CHECK(!error);  // It was decoded before.
    const bool assigned = connect.client_identifier.empty();
    const std::string identifier = assigned ? assigned_client_identifier() : std::string(connect.client_identifier);
    connect.client_identifier = identifier;
    if (assigned) connect.properties.set(PropertyId::AssignedClientIdentifier, identifier);  // For CONNACK.
    if (!authentication_data.empty())
        connect.properties.set(PropertyId::AuthenticationData, authentication_data);
    else
        connect.properties.erase(PropertyId::AuthenticationData);

    if (!may_have_will(connect, identity))
        return refuse_connect(connection, ReasonCode::NotAuthorized, "the Will Topic may not be published to", now);
    bool session_present = false;
    const SessionSlot* before = sessions_.find(connect.client_identifier);
    const bool was_stored = before != nullptr && before->session.stored;
    SessionSlot* slot = session_for(connection, connect, identity, session_present, now);
    if (slot == nullptr) return;
    slot->identity = std::move(identity);
    slot->session.expiry_interval = expiry_of(connect, settings_.max_expiry_seconds);
    slot->session.will = will_of(connect);
    slot->connection = &connection;
    store_or_drop(*slot);
    accept_connect(connection, connect, *slot, {session_present, was_stored || slot->session.stored}, now);
}

// Takes over, resumes, discards or makes a Session [MQTT-3.1.2-4] to [MQTT-3.1.2-6]; nullptr if that was refused.
SessionSlot* Shard::session_for(Connection& connection, const mqtt::Connect& connect, const api::Identity& identity,
                                bool& session_present, Time now) {
    SessionSlot* slot = sessions_.find(connect.client_identifier);
    if (slot != nullptr && slot->identity != identity) {
        refuse_connect(connection, ReasonCode::NotAuthorized, "this Client Identifier belongs to another user", now);
        return nullptr;
    }
    if (slot != nullptr && slot->connection != nullptr) {  // [MQTT-3.1.4-3]
        disconnect(*slot->connection, ReasonCode::SessionTakenOver, "another connection took this Session over", now);
        slot = sessions_.find(connect.client_identifier);  // It may have ended with its connection.
    }
    if (slot != nullptr && connect.clean_start) {
        end_session(*slot, now);
        slot = nullptr;
    }
    session_present = slot != nullptr;
    if (slot == nullptr) {
        const size_t sessions_max = (settings_.max_sessions + peer_count() - 1) / peer_count();
        if (sessions_max != 0 && sessions_.size() >= sessions_max) {
            refuse_connect(connection, ReasonCode::QuotaExceeded, "the broker holds as many Sessions as it may", now);
            return nullptr;
        }
        slot = &sessions_.make(connect.client_identifier);
        counters_.sessions.add();
    }
    timers_.cancel(slot->expiry_timer);
    timers_.cancel(slot->will_timer);
    slot->session.will.reset();  // Back in time: it is not published [MQTT-3.1.3-9].
    return slot;
}

void Shard::accept_connect(Connection& connection, const mqtt::Connect& connect, SessionSlot& slot, Welcome welcome,
                           Time now) {
    session::Session& session = slot.session;
    session.user_name = slot.identity.user_name;
    session.anonymous = slot.identity.anonymous;
    connection.pending_connect.reset();
    connection.session = &slot;
    connection.stage = Connection::Stage::Connected;
    const uint32_t receive_maximum = connect.properties.number_or(PropertyId::ReceiveMaximum, 65'535);
    connection.window_max = static_cast<uint16_t>(std::min<uint32_t>(receive_maximum, settings_.max_inflight));
    const uint32_t aliases = connect.properties.number_or(PropertyId::TopicAliasMaximum, 0);
    if (aliases != 0 && settings_.topic_alias_maximum != 0)
        connection.outbound_aliases = std::make_unique<OutboundAliases>(
            static_cast<uint16_t>(std::min<uint32_t>(aliases, settings_.topic_alias_maximum)));
    connection.authentication_method = connect.properties.text_or(PropertyId::AuthenticationMethod, {});
    const uint16_t keep_alive = keep_alive_of(connect, settings_);
    connection.keep_alive_ms = int64_t{keep_alive} * 1500;
    watch_keep_alive(connection, now);
    counters_.connections.add();
    counters_.connections_total.add();
    counters_.connections_max.set(std::max(counters_.connections_max.value(), counters_.connections.value()));
    log_.debug("connected", {{"client", session.client_identifier}, {"address", connection.address.text}});

    if (welcome.session_present) member_changed(slot, true);
    send_connack(connection, connect, slot, welcome, keep_alive);
    if (connection.held_packet || connection.stage == Connection::Stage::Closing) return;
    resend(connection, now);
    deliver_waiting(connection, now);
}

void Shard::send_connack(Connection& connection, const mqtt::Connect& connect, const SessionSlot& slot, Welcome welcome,
                         uint16_t keep_alive) {
    mqtt::Connack packet;
    packet.session_present = welcome.session_present && connection.version != ProtocolVersion::V31;
    mqtt::Properties& properties = packet.properties;
    const mqtt::Properties& asked = connect.properties;
    if (slot.session.expiry_interval != asked.number_or(PropertyId::SessionExpiryInterval, 0))
        properties.set(PropertyId::SessionExpiryInterval, slot.session.expiry_interval);
    if (settings_.receive_maximum != 65'535) properties.set(PropertyId::ReceiveMaximum, settings_.receive_maximum);
    if (settings_.max_qos < 2) properties.set(PropertyId::MaximumQoS, settings_.max_qos);  // [MQTT-3.2.2-9]
    if (!settings_.retain_available) properties.set(PropertyId::RetainAvailable, 0);
    properties.set(PropertyId::MaximumPacketSize, settings_.max_packet_size);
    if (asked.has(PropertyId::AssignedClientIdentifier))  // [MQTT-3.2.2-16]
        properties.set(PropertyId::AssignedClientIdentifier, asked.text(PropertyId::AssignedClientIdentifier));
    if (settings_.topic_alias_maximum != 0)
        properties.set(PropertyId::TopicAliasMaximum, settings_.topic_alias_maximum);
    if (!settings_.wildcard_subscription_available) properties.set(PropertyId::WildcardSubscriptionAvailable, 0);
    if (!settings_.shared_subscription_available) properties.set(PropertyId::SharedSubscriptionAvailable, 0);
    if (keep_alive != connect.keep_alive) properties.set(PropertyId::ServerKeepAlive, keep_alive);
    if (asked.number_or(PropertyId::RequestResponseInformation, 0) != 0 && !settings_.response_information.empty())
        properties.set(PropertyId::ResponseInformation, settings_.response_information);
    if (asked.has(PropertyId::AuthenticationMethod)) {  // [MQTT-4.12.0-5]
        properties.set(PropertyId::AuthenticationMethod, asked.text(PropertyId::AuthenticationMethod));
        if (asked.has(PropertyId::AuthenticationData))
            properties.set(PropertyId::AuthenticationData, asked.text(PropertyId::AuthenticationData));
    }
    mqtt::encode(packet, connection.version, scratch_);
    if (scratch_.size() <= connection.packet_size_max) {
        send_or_hold(connection, welcome.waits);
        if (connection.held_packet) connection.held_packet->is_connack = true;
        return;
    }
    scratch_.clear();
    // A client that cannot take even CONNACK cannot be served [MQTT-3.1.2-24].
    log_.info("Maximum Packet Size of the client is too small for CONNACK",
              {{"client", slot.session.client_identifier}, {"maximum", connection.packet_size_max}});
    close(connection, Ending::WithWill, now_);
}

}  // namespace runnel::shard

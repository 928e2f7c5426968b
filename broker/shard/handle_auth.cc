// SPDX-License-Identifier: Apache-2.0
// AUTH (section 3.15) and enhanced authentication (section 4.12).
#include <cstring>

#include "broker/mqtt/encoder.h"
#include "broker/shard/shard.h"

namespace runnel::shard {

using mqtt::PropertyId;
using mqtt::ReasonCode;

std::string Shard::exchange_seed() {
    std::string seed;
    for (int word = 0; word < 4; ++word) {
        const uint64_t number = environment_.secrets.next();
        seed.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    return seed;
}

void Shard::begin_exchange(Connection& connection, const mqtt::Connect& connect, Time now) {
    const std::string_view method = connect.properties.text(PropertyId::AuthenticationMethod);
    auto exchange = environment_.authenticator->begin(method, credentials_of(connection, connect), exchange_seed());
    if (!exchange)  // [MQTT-4.12.0-1]
        return refuse_connect(connection, ReasonCode::BadAuthenticationMethod,
                              "this Authentication Method is not known", now);
    connection.authentication_method = method;
    connection.pending_connect->exchange = std::move(exchange);
    const std::string_view first = connect.properties.text_or(PropertyId::AuthenticationData, {});
    continue_exchange(connection, connection.pending_connect->exchange->step(first), now);
}

// Before CONNACK.
void Shard::continue_exchange(Connection& connection, api::AuthenticationStep step, Time now) {
    switch (step.next) {
        case api::AuthenticationStep::Next::Continue:  // [MQTT-4.12.0-2]
            return send_auth(connection, ReasonCode::ContinueAuthentication, step.authentication_data);
        case api::AuthenticationStep::Next::Accepted:
            connection.pending_connect->authentication_data = std::move(step.authentication_data);
            return authentication_answered(connection.id, std::move(step.outcome), now);
        case api::AuthenticationStep::Next::Refused:
            if (!mqtt::is_error(step.outcome.reason)) step.outcome.reason = ReasonCode::NotAuthorized;
            return authentication_answered(connection.id, std::move(step.outcome), now);
    }
}

void Shard::handle_early_auth(Connection& connection, const mqtt::Frame& frame, Time now) {
    mqtt::Auth auth;
    const mqtt::DecodeError error = mqtt::decode_auth(frame, connection.version, {settings_.max_user_properties}, auth);
    if (error) return refuse_connect(connection, error.reason, error.what, now);
    const bool expected = connection.pending_connect && connection.pending_connect->exchange &&
                          auth.reason == ReasonCode::ContinueAuthentication;  // [MQTT-4.12.0-3]
    if (!expected) return refuse_connect(connection, ReasonCode::ProtocolError, "this AUTH was not expected", now);
    if (auth.properties.text_or(PropertyId::AuthenticationMethod, {}) != connection.authentication_method)
        return refuse_connect(connection, ReasonCode::ProtocolError, "AUTH names another Authentication Method", now);
    const std::string_view response = auth.properties.text_or(PropertyId::AuthenticationData, {});
    continue_exchange(connection, connection.pending_connect->exchange->step(response), now);
}

// After CONNACK: re-authentication (section 4.12.1).
void Shard::handle_auth(Connection& connection, const mqtt::Frame& frame, Time now) {
    if (connection.version != mqtt::ProtocolVersion::V5) {
        refuse(connection, {ReasonCode::MalformedPacket, "packet type 15 is reserved in this version"}, now);
        return;
    }
    mqtt::Auth auth;
    const mqtt::DecodeError error = mqtt::decode_auth(frame, connection.version, {settings_.max_user_properties}, auth);
    if (refuse(connection, error, now)) return;
    const auto protocol_error = [&](const char* why) { refuse(connection, {ReasonCode::ProtocolError, why}, now); };
    if (connection.authentication_method.empty())
        return protocol_error("AUTH without an Authentication Method in CONNECT");
    if (auth.properties.text_or(PropertyId::AuthenticationMethod, {}) != connection.authentication_method)
        return protocol_error("AUTH names another Authentication Method");  // [MQTT-4.12.1-1]
    if (auth.reason == ReasonCode::ReAuthenticate) {
        const session::Session& session = connection.session->session;
        api::Credentials credentials;
        credentials.client_identifier = session.client_identifier;
        credentials.address = connection.address.text;
        credentials.loopback = connection.address.loopback;
        connection.reauthentication =
            environment_.authenticator->begin(connection.authentication_method, credentials, exchange_seed());
    } else if (auth.reason != ReasonCode::ContinueAuthentication || !connection.reauthentication) {
        return protocol_error("this AUTH was not expected");
    }
    if (!connection.reauthentication)
        return disconnect(connection, ReasonCode::BadAuthenticationMethod, "this Authentication Method is gone", now);
    api::AuthenticationStep step =
        connection.reauthentication->step(auth.properties.text_or(PropertyId::AuthenticationData, {}));
    if (step.next == api::AuthenticationStep::Next::Continue)
        return send_auth(connection, ReasonCode::ContinueAuthentication, step.authentication_data);
    connection.reauthentication.reset();
    const bool same = step.outcome.identity == connection.session->identity;
    if (step.next == api::AuthenticationStep::Next::Accepted && same)
        return send_auth(connection, ReasonCode::Success, step.authentication_data);
    if (may_log(now))
        log_.info("re-authentication refused", {{"client", connection.session->session.client_identifier},
                                                {"why", same ? step.outcome.why : "another user"}});
    disconnect(connection, ReasonCode::NotAuthorized, "re-authentication failed", now);  // [MQTT-4.12.1-2]
}

void Shard::send_auth(Connection& connection, ReasonCode reason, std::string_view authentication_data) {
    mqtt::Auth packet;
    packet.reason = reason;
    packet.properties.set(PropertyId::AuthenticationMethod, connection.authentication_method);  // [MQTT-4.12.0-5]
    if (!authentication_data.empty()) packet.properties.set(PropertyId::AuthenticationData, authentication_data);
    mqtt::encode(packet, scratch_);
    send_packet(connection);
}

}  // namespace runnel::shard

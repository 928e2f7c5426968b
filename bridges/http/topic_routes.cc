// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/topic_routes.h"

#include <utility>

#include "bridges/http/publish_request.h"
#include "broker/base/date_time.h"
#include "broker/base/json.h"
#include "broker/mqtt/properties.h"

namespace runnel::http {
namespace {

using mqtt::PropertyId;
using mqtt::ReasonCode;

int status_of(ReasonCode reason) {
    switch (reason) {
        case ReasonCode::NotAuthorized: return 403;
        case ReasonCode::QuotaExceeded: return 507;
        case ReasonCode::ServerBusy: return 503;
        default: return 422;
    }
}

std::string_view type_of(ReasonCode reason) {
    switch (reason) {
        case ReasonCode::NotAuthorized: return "not-authorized";
        case ReasonCode::QuotaExceeded: return "not-stored";
        case ReasonCode::ServerBusy: return "busy";
        case ReasonCode::PacketIdentifierInUse: return "idempotency-key-reused";
        case ReasonCode::TopicNameInvalid: return "topic-name-invalid";
        case ReasonCode::PayloadFormatInvalid: return "payload-format-invalid";
        case ReasonCode::QoSNotSupported: return "qos-not-supported";
        case ReasonCode::RetainNotSupported: return "retain-not-supported";
        default: return "not-published";
    }
}

Response published(const api::LocalPublished& answer) {
    if (mqtt::is_error(answer.reason)) return publish_problem(answer);
    std::string body;
    append_published(body, answer);
    return json_response(200, body + "\n");
}

void publish_body(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client) {
    PublishOptions options;
    if (const auto fault = read_options(exchange->request(), options))
        return exchange->answer(problem(422, "publish-option", *fault));
    api::LocalPublish publish;
    if (const auto fault = read_idempotency_key(exchange->request(), publish.idempotency_key))
        return exchange->answer(problem(400, "idempotency-key", *fault));
    publish.topic = exchange->parameters().front();
    publish.payload = exchange->request().body;
    options.write_to(publish);
    broker.publish(client, publish,
                   [exchange](const api::LocalPublished& answer) { exchange->answer(published(answer)); });
}

void clear(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client) {
    api::LocalPublish publish;
    publish.topic = exchange->parameters().front();
    publish.qos = mqtt::QoS::AtLeastOnce;
    publish.retain = true;
    broker.publish(client, publish, [exchange](const api::LocalPublished& answer) {
        Response cleared;
        cleared.status = 204;
        exchange->answer(mqtt::is_error(answer.reason) ? publish_problem(answer) : cleared);
    });
}

void add_property(Headers& headers, const mqtt::EncodedProperty& property) {
    switch (property.id) {
        case PropertyId::ContentType: return headers.add("Content-Type", std::string(property.text));
        case PropertyId::ResponseTopic: return headers.add("MQTT-Response-Topic", std::string(property.text));
        case PropertyId::UserProperty:
            return headers.add("MQTT-User-Property", std::string(property.text) + "=" + std::string(property.value));
        default: return;
    }
}

// Whoever publishes decides what the payload says it is; a browser must not run it as if it were the broker's own.
void add_safety(Headers& headers) {
    headers.add("X-Content-Type-Options", "nosniff");
    headers.add("Content-Security-Policy", "sandbox; default-src 'none'");
    headers.add("Cache-Control", "no-store");
}

void show_retained(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client) {
    const std::string& topic = exchange->parameters().front();
    if (!broker.may_receive(client, topic))
        return exchange->answer(problem(403, "not-authorized", "The access rules do not allow it."));
    const mqtt::MessageRef message = broker.retained_message(topic);
    if (!message)
        return exchange->answer(problem(404, "no-retained-message", "There is no Retained Message on this topic."));
    Response response;
    std::string_view block = message->forwarded_properties();
    while (const auto property = mqtt::take_property(block))
        add_property(response.headers, *property);
    if (response.headers.find("Content-Type") == nullptr)
        response.headers.add("Content-Type", "application/octet-stream");
    response.headers.add("MQTT-QoS", std::to_string(static_cast<int>(message->qos())));
    response.headers.add("MQTT-Time", format_date_time(broker.wall_ms(*message)));
    if (message->has_expiry())
        response.headers.add("MQTT-Message-Expiry-Interval", std::to_string(broker.remaining_expiry(*message)));
    add_safety(response.headers);
    response.body = message->payload();
    exchange->answer(response);
}

}  // namespace

Response publish_problem(const api::LocalPublished& answer) {
    Response response = problem(status_of(answer.reason), type_of(answer.reason), answer.why);
    if (answer.reason == ReasonCode::QuotaExceeded || answer.reason == ReasonCode::ServerBusy)
        response.headers.add("Retry-After", "10");
    return response;
}

void append_published(std::string& out, const api::LocalPublished& answer) {
    JsonObject object(out);
    object.number("matched", answer.matched);
    object.boolean("stored", !answer.durability.empty());
    if (!answer.durability.empty()) object.text("durability", answer.durability);
    if (answer.is_replay) object.boolean("replayed", true);
}

void add_topic_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker) {
    constexpr std::string_view kTopic = "/v1/topics/{topic...}";
    const auto add = [&](std::string_view method, auto handler) {
        routes.add(method, kTopic,
                   gate.user([&broker, handler](const ExchangeRef& exchange, const api::LocalClient& client) {
                       handler(broker, exchange, client);
                   }));
    };
    add("POST", publish_body);
    add("PUT", publish_body);
    add("GET", show_retained);
    add("DELETE", clear);
}

}  // namespace runnel::http

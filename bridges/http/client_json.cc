// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/client_json.h"

#include <array>

#include "bridges/http/target.h"
#include "broker/base/date_time.h"
#include "broker/base/json.h"

namespace runnel::http {
namespace {

std::string_view transport_name(api::ClientTransport transport) {
    switch (transport) {
        case api::ClientTransport::Mqtt: return "mqtt";
        case api::ClientTransport::WebSocket: return "websocket";
        case api::ClientTransport::Http: return "http";
    }
    return "";
}

std::string_view protocol_name(const api::ConnectionStatus& connection) {
    if (connection.transport == api::ClientTransport::Http) return "HTTP";
    switch (connection.version) {
        case mqtt::ProtocolVersion::V31: return "3.1";
        case mqtt::ProtocolVersion::V311: return "3.1.1";
        case mqtt::ProtocolVersion::V5: return "5.0";
    }
    return "";
}

void add_client(JsonObject& object, const api::ClientStatus& client) {
    object.text("client_identifier", client.client_identifier);
    object.boolean("connected", client.connection.has_value());
    if (client.identity.anonymous)
        object.member("user") += "null";
    else
        object.text("user", client.identity.user_name);
    if (client.connection) {
        object.text("transport", transport_name(client.connection->transport));
        object.text("protocol", protocol_name(*client.connection));
        object.text("address", client.connection->address);
        object.text("connected_at", format_date_time(client.connection->connected_at_ms));
    } else {
        object.text("disconnected_at", format_date_time(client.last_seen_ms));
    }
    object.text("last_seen", format_date_time(client.last_seen_ms));
    object.number("subscriptions", client.subscriptions);
    object.number("queued_messages", client.queued_messages);
    object.number("queued_bytes", client.queued_bytes);
    object.number("inflight_messages", client.inflight_messages);
}

void add_details(JsonObject& object, const api::ClientStatus& client) {
    object.number("session_expiry_interval", client.session_expiry_interval);
    if (client.connection) {
        object.number("keep_alive", client.connection->keep_alive);
        object.number("receive_maximum", client.connection->receive_maximum);
        object.number("maximum_packet_size", client.connection->maximum_packet_size);
    }
    if (!client.will) return;
    JsonObject will(object.member("will"));
    will.text("topic", client.will->topic);
    will.number("qos", static_cast<int>(client.will->qos));
    will.boolean("retain", client.will->retain);
    will.number("delay", client.will->delay_interval);
}

void add_subscription(JsonObject& object, const api::SubscriptionStatus& one) {
    object.text("client_identifier", one.client_identifier);
    if (!one.share_name.empty()) object.text("share_name", one.share_name);
    object.text("filter", one.filter);
    object.number("qos", static_cast<int>(one.options.qos));
    object.boolean("no_local", one.options.no_local);
    object.boolean("retain_as_published", one.options.retain_as_published);
    object.number("retain_handling", static_cast<int>(one.options.retain_handling));
    if (one.subscription_identifier != 0) object.number("subscription_identifier", one.subscription_identifier);
}

template <class Item>
void add_items(JsonObject& object, const std::vector<Item>& items, void (*add)(JsonObject&, const Item&)) {
    std::string& out = object.member("items");
    out += '[';
    for (const Item& item : items) {
        if (out.back() != '[') out += ',';
        JsonObject each(out);
        add(each, item);
    }
    out += ']';
}

}  // namespace

std::string client_page_json(const api::ClientPage& page) {
    std::string out;
    {
        JsonObject object(out);
        add_items(object, page.clients, add_client);
        if (page.has_more) object.text("next", page.clients.back().client_identifier);
        object.number("total", page.total);
    }
    return out + "\n";
}

std::string subscription_page_json(const api::SubscriptionPage& page) {
    std::string out;
    {
        JsonObject object(out);
        add_items(object, page.subscriptions, add_subscription);
        if (page.has_more) {
            const api::SubscriptionStatus& last = page.subscriptions.back();
            object.text("next", place_text({last.client_identifier, last.share_name, last.filter}));
        }
    }
    return out + "\n";
}

std::string client_json(const api::ClientStatus& client) {
    std::string out;
    {
        JsonObject object(out);
        add_client(object, client);
        add_details(object, client);
    }
    return out + "\n";
}

std::string place_text(const api::SubscriptionPlace& place) {
    return percent_encode(place.client_identifier) + "/" + percent_encode(place.share_name) + "/" +
           percent_encode(place.filter);
}

std::optional<api::SubscriptionPlace> read_place(std::string_view text) {
    std::array<std::string, 3> parts;
    for (size_t part = 0; part < parts.size(); ++part) {
        const size_t end = text.find('/');
        if ((end == std::string_view::npos) != (part + 1 == parts.size())) return std::nullopt;
        auto decoded = percent_decode(text.substr(0, end), false);
        if (!decoded) return std::nullopt;
        parts[part] = *std::move(decoded);
        if (end != std::string_view::npos) text.remove_prefix(end + 1);
    }
    return api::SubscriptionPlace{parts[0], parts[1], parts[2]};
}

}  // namespace runnel::http

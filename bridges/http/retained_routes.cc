// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/retained_routes.h"

#include <string>

#include "bridges/http/query_values.h"
#include "broker/base/date_time.h"
#include "broker/base/json.h"
#include "broker/mqtt/properties.h"
#include "broker/mqtt/topic.h"

namespace runnel::http {
namespace {

std::string_view content_type_of(const mqtt::ApplicationMessage& message) {
    std::string_view block = message.forwarded_properties();
    while (const auto property = mqtt::take_property(block))
        if (property->id == mqtt::PropertyId::ContentType) return property->text;
    return {};
}

void add_message(JsonObject& object, const api::LocalBroker& broker, const mqtt::ApplicationMessage& message) {
    object.text("topic", message.topic());
    const int64_t received_at = broker.wall_ms(message);
    object.text("time", format_date_time(received_at));
    object.number("qos", static_cast<int>(message.qos()));
    object.number("bytes", message.payload().size());
    object.text("publisher", message.publisher());
    if (const std::string_view type = content_type_of(message); !type.empty()) object.text("content_type", type);
    if (message.has_expiry())
        object.text("expires_at", format_date_time(received_at + int64_t{1000} * message.message_expiry_interval()));
}

std::string page_json(const api::LocalBroker& broker, std::vector<mqtt::MessageRef>& messages, size_t limit) {
    const bool has_more = messages.size() > limit;
    if (has_more) messages.resize(limit);
    std::string out;
    {
        JsonObject object(out);
        std::string& items = object.member("items");
        items += '[';
        for (const mqtt::MessageRef& message : messages) {
            if (items.back() != '[') items += ',';
            JsonObject each(items);
            add_message(each, broker, *message);
        }
        items += ']';
        if (has_more) object.text("next", messages.back()->topic());
    }
    return out + "\n";
}

void list_retained(api::LocalBroker& broker, const ExchangeRef& exchange, const api::LocalClient& client) {
    const Request& request = exchange->request();
    if (const auto fault = unknown_name_problem(request, {"filter", "limit", "after"})) return exchange->answer(*fault);
    const auto limit = read_number(request, "limit", 1, kPageSizeMax, kPageSize);
    if (!limit) return exchange->answer(query_problem(limit.error()));
    const std::string* wanted = request.find_query("filter");
    const std::string filter = wanted == nullptr ? "#" : *wanted;
    if (!mqtt::is_valid_topic_filter(filter)) return exchange->answer(query_problem("\"filter\" is no Topic Filter."));
    auto messages = broker.retained_messages(client, filter, read_text(request, "after"), *limit + 1);
    Response response = json_response(200, page_json(broker, messages, *limit));
    response.headers.add("Cache-Control", "no-store");
    exchange->answer(response);
}

}  // namespace

void add_retained_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker) {
    routes.add("GET", "/v1/retained", gate.user([&broker](const ExchangeRef& exchange, const api::LocalClient& client) {
        list_retained(broker, exchange, client);
    }));
}

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/subscribe_routes.h"

#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "bridges/http/event_stream.h"
#include "bridges/http/publish_request.h"
#include "broker/base/date_time.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"

namespace runnel::http {
namespace {

constexpr size_t kFiltersMax = 100;
constexpr uint16_t kTimeoutMax = 3600;  // Seconds.
constexpr uint16_t kPollTimeout = 30;

RequestFault read_format(std::string_view text, EventFormat& format) {
    if (text == "sse") {
        format = EventFormat::Events;
    } else if (text == "ndjson") {
        format = EventFormat::Lines;
    } else if (text == "json") {
        format = EventFormat::Array;
    } else {
        return std::string("\"format\" must be sse, ndjson or json.");
    }
    return std::nullopt;
}

EventFormat format_for(const Request& request) {
    const std::string* accept = request.headers.find("Accept");
    const bool wants_lines = accept != nullptr && accept->find("ndjson") != std::string::npos;
    return wants_lines ? EventFormat::Lines : EventFormat::Events;
}

RequestFault read_timeout(std::string_view text, uint16_t& timeout) {
    const auto duration_ms = parse_duration(text);
    if (!duration_ms || *duration_ms < 1000 || *duration_ms > int64_t{kTimeoutMax} * 1000)
        return std::string("\"timeout\" must be a duration from 1s to 1h.");
    timeout = static_cast<uint16_t>(*duration_ms / 1000);
    return std::nullopt;
}

RequestFault read_count(std::string_view text, uint64_t& count) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count == 0)
        return std::string("\"count\" must be a number from 1 on.");
    return std::nullopt;
}

RequestFault read_since(std::string_view text, int64_t now_ms, EventRequest& events) {
    const auto duration_ms = parse_duration(text);
    const auto start_ms = duration_ms ? std::optional(now_ms - *duration_ms) : parse_date_time(text);
    if (!start_ms) return std::string("\"since\" must be a duration (10m) or a time (2026-01-31T12:00:00Z).");
    events.cursor = EventCursor(*start_ms);
    events.replay_since = events.cursor.text();
    return std::nullopt;
}

RequestFault read_last_event(std::string_view text, EventRequest& events) {
    if (text.empty()) return std::nullopt;
    if (!events.cursor.read(text)) return std::string("The last event id is none that was given here.");
    events.replay_since = events.cursor.text();
    return std::nullopt;
}

RequestFault read_parameter(const std::string& name, const std::string& value, int64_t now_ms, EventRequest& events) {
    if (name == "filter") {
        if (!mqtt::is_valid_text(value) || !mqtt::is_valid_topic_filter(value) || value.starts_with("$share/"))
            return std::string("\"filter\" must be a Topic Filter, without $share/.");
        events.filters.push_back(value);
        return std::nullopt;
    }
    if (name == "format") return read_format(value, events.format);
    if (name == "timeout") return read_timeout(value, events.timeout);
    if (name == "count") return read_count(value, events.count_max);
    if (name == "since") return read_since(value, now_ms, events);
    if (name == "last_event_id") return read_last_event(value, events);
    return "\"" + name + "\" is not known here. There are filter, format, timeout, count, since and last_event_id.";
}

RequestFault read_request(const Request& request, int64_t now_ms, EventRequest& events) {
    events.cursor = EventCursor(now_ms);
    events.format = format_for(request);
    for (const auto& [name, value] : request.query)
        if (auto fault = read_parameter(name, value, now_ms, events)) return fault;
    if (events.filters.empty() || events.filters.size() > kFiltersMax)
        return std::string("\"filter\" must be there, 1 to 100 times.");
    if (events.format == EventFormat::Array && events.timeout == 0) events.timeout = kPollTimeout;
    // A browser names the last event by itself when it connects again.
    const std::string* last = request.headers.find("Last-Event-ID");
    return last == nullptr ? std::nullopt : read_last_event(*last, events);
}

void follow(api::LocalBroker& broker, int64_t now_ms, const ExchangeRef& exchange, const api::LocalClient& client) {
    EventRequest events;
    if (const auto fault = read_request(exchange->request(), now_ms, events))
        return exchange->answer(problem(422, "parameter", *fault));
    for (const std::string& filter : events.filters)
        if (!broker.may_subscribe(client, filter))
            return exchange->answer(problem(403, "not-authorized", "The access rules do not allow " + filter + "."));
    if (!events.replay_since.empty() && !broker.has_history()) events.replay_since.clear();
    if (exchange->request().method == "HEAD") return exchange->answer(Response{});
    exchange->go_on_with(std::make_unique<EventStream>(std::move(events)), client.identity);
}

}  // namespace

void add_subscribe_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker,
                          std::function<int64_t()> wall_now_ms) {
    routes.add(
        "GET", "/v1/subscribe",
        gate.user([&broker, now = std::move(wall_now_ms)](const ExchangeRef& exchange, const api::LocalClient& client) {
            follow(broker, now(), exchange, client);
        }));
}

}  // namespace runnel::http

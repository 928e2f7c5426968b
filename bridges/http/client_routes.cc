// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/client_routes.h"

#include <algorithm>
#include <utility>

#include "bridges/http/client_json.h"
#include "bridges/http/query_values.h"

namespace runnel::http {
namespace {

Response fresh(std::string body) {
    Response response = json_response(200, std::move(body));
    response.headers.add("Cache-Control", "no-store");
    return response;
}

Response silent_loop() {
    return problem(503, "busy", "Not every event loop has answered in time: try again.");
}

Response no_client() {
    return problem(404, "no-client", "There is no Session of this Client Identifier.");
}

Result<api::ClientQuery, std::string> read_client_query(const Request& request) {
    api::ClientQuery query;
    const auto limit = read_number(request, "limit", 1, kPageSizeMax, kPageSize);
    if (!limit) return limit.error();
    query.count_max = *limit;
    query.after = read_text(request, "after");
    query.search = read_text(request, "search");
    const std::string_view state = read_text(request, "state");
    if (state == "connected" || state == "offline")
        query.connected = state == "connected";
    else if (!state.empty())
        return std::string("\"state\" must be connected or offline.");
    const std::string_view transport = read_text(request, "transport");
    constexpr std::string_view kTransports[] = {"mqtt", "websocket", "http"};
    const auto found = std::ranges::find(kTransports, transport);
    if (found != std::end(kTransports))
        query.transport = static_cast<api::ClientTransport>(found - std::begin(kTransports));
    else if (!transport.empty())
        return std::string("\"transport\" must be mqtt, websocket or http.");
    return query;
}

void list_clients(api::Operations& operations, const ExchangeRef& exchange) {
    const Request& request = exchange->request();
    if (const auto fault = unknown_name_problem(request, {"limit", "after", "search", "state", "transport"}))
        return exchange->answer(*fault);
    const auto query = read_client_query(request);
    if (!query) return exchange->answer(query_problem(query.error()));
    operations.clients(*query, [exchange](const api::ClientPage& page) {
        exchange->answer(page.is_whole ? fresh(client_page_json(page)) : silent_loop());
    });
}

void show_client(api::Operations& operations, const ExchangeRef& exchange) {
    operations.client(exchange->parameters().front(), [exchange](const api::ClientFound& found) {
        if (found.client) return exchange->answer(fresh(client_json(*found.client)));
        exchange->answer(found.is_whole ? no_client() : silent_loop());
    });
}

void end_client(api::Operations& operations, const ExchangeRef& exchange) {
    const Request& request = exchange->request();
    if (const auto fault = unknown_name_problem(request, {"session"})) return exchange->answer(*fault);
    const std::string_view session = read_text(request, "session");
    if (!session.empty() && session != "true" && session != "false")
        return exchange->answer(query_problem("\"session\" must be true or false."));
    operations.end_client(exchange->parameters().front(), session == "true", [exchange](const api::ClientEnded& ended) {
        Response done;
        done.status = 204;
        if (ended.was_there) return exchange->answer(done);
        exchange->answer(ended.is_whole ? no_client() : silent_loop());
    });
}

void list_subscriptions(api::Operations& operations, const ExchangeRef& exchange) {
    const Request& request = exchange->request();
    if (const auto fault = unknown_name_problem(request, {"limit", "after", "client", "filter"}))
        return exchange->answer(*fault);
    const auto limit = read_number(request, "limit", 1, kPageSizeMax, kPageSize);
    if (!limit) return exchange->answer(query_problem(limit.error()));
    api::SubscriptionQuery query;
    query.count_max = *limit;
    if (const std::string* client = request.find_query("client")) query.client_identifier = *client;
    if (const std::string* filter = request.find_query("filter")) query.filter = *filter;
    if (const std::string* after = request.find_query("after")) {
        query.after = read_place(*after);
        if (!query.after) return exchange->answer(query_problem("\"after\" must be \"next\" of the page before."));
    }
    operations.subscriptions(query, [exchange](const api::SubscriptionPage& page) {
        exchange->answer(page.is_whole ? fresh(subscription_page_json(page)) : silent_loop());
    });
}

}  // namespace

void add_client_routes(Routes& routes, api::Operations& operations, const Routes::Guard& guard) {
    const auto add = [&](std::string_view method, std::string_view path, auto handler) {
        routes.add(method, path,
                   guard([&operations, handler](const ExchangeRef& exchange) { handler(operations, exchange); }));
    };
    add("GET", "/v1/clients", list_clients);
    add("GET", "/v1/clients/{id}", show_client);
    add("DELETE", "/v1/clients/{id}", end_client);
    add("GET", "/v1/subscriptions", list_subscriptions);
}

}  // namespace runnel::http

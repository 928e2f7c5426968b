// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/login_routes.h"

#include <utility>

#include "broker/base/json.h"
#include "broker/base/json_value.h"

namespace runnel::http {
namespace {

std::string session_json(api::LocalBroker& broker, const api::LocalClient& client, std::string_view token) {
    std::string text;
    {
        JsonObject object(text);
        if (client.identity.anonymous)
            object.member("user") += "null";
        else
            object.text("user", client.identity.user_name);
        object.boolean("anonymous", client.identity.anonymous);
        object.boolean("admin", broker.is_admin(client));
        if (!token.empty()) object.text("token", token);
    }
    return text + "\n";
}

// Neither scripts nor pages of other sites get hold of it.
std::string cookie(std::string_view token, bool ends) {
    return std::string(Gate::kCookie) + "=" + std::string(token) + "; Path=/; HttpOnly; SameSite=Strict" +
           (ends ? "; Max-Age=0" : "");
}

void log_in(const Gate& gate, api::LocalBroker& broker, api::LoginSessions& logins, const ExchangeRef& exchange) {
    if (comes_from_other_origin(exchange->request()) && !exchange->caller().origin_is_allowed)
        return exchange->answer(problem(403, "cross-origin", "Pages of this origin may not log in: see http.origins."));
    const auto body = JsonValue::parse(exchange->request().body);
    if (!body || (*body)["user"].if_text() == nullptr || (*body)["password"].if_text() == nullptr)
        return exchange->answer(
            problem(400, "malformed", "The body must be {\"user\": \"...\", \"password\": \"...\"}."));
    api::Credentials credentials;
    credentials.client_identifier = "http";
    credentials.user_name = (*body)["user"].text();
    credentials.password = (*body)["password"].text();
    credentials.address = exchange->caller().origin.address;
    credentials.loopback = exchange->caller().origin.loopback;
    gate.authenticate(exchange, std::move(credentials), [&, exchange](const api::AuthenticationOutcome& outcome) {
        const std::string token = logins.begin(outcome.identity);
        Response response = json_response(200, session_json(broker, {outcome.identity, "http"}, token));
        response.headers.add("Set-Cookie", cookie(token, false));
        response.headers.add("Cache-Control", "no-store");
        exchange->answer(response);
    });
}

void log_out(api::LoginSessions& logins, const ExchangeRef& exchange) {
    if (const auto token = Gate::token_of(exchange->request())) logins.end(*token);
    Response response;
    response.status = 204;
    response.headers.add("Set-Cookie", cookie({}, true));
    exchange->answer(response);
}

}  // namespace

void add_login_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker, api::LoginSessions& logins) {
    routes.add("POST", "/v1/login", [&](const ExchangeRef& exchange) { log_in(gate, broker, logins, exchange); });
    routes.add("POST", "/v1/logout", [&](const ExchangeRef& exchange) { log_out(logins, exchange); });
    routes.add("GET", "/v1/session", gate.user([&broker](const ExchangeRef& exchange, const api::LocalClient& client) {
        Response response = json_response(200, session_json(broker, client, {}));
        response.headers.add("Cache-Control", "no-store");
        exchange->answer(response);
    }));
}

}  // namespace runnel::http

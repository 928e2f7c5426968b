// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/http_service.h"

#include <utility>

#include "bridges/http/client_routes.h"
#include "bridges/http/history_routes.h"
#include "bridges/http/http_session.h"
#include "bridges/http/login_routes.h"
#include "bridges/http/openapi.h"
#include "bridges/http/publish_routes.h"
#include "bridges/http/retained_routes.h"
#include "bridges/http/status_routes.h"
#include "bridges/http/subscribe_routes.h"
#include "bridges/http/topic_routes.h"

namespace runnel::http {
namespace {

void add_health_routes(Routes& routes, api::Operations& operations) {
    // That the process answers is all there is to say.
    routes.add("GET", "/healthz",
               [](const ExchangeRef& exchange) { exchange->answer(json_response(200, "{\"status\": \"ok\"}\n")); });
    routes.add("GET", "/openapi.json", [](const ExchangeRef& exchange) {
        exchange->answer(json_response(200, std::string(openapi_document())));
    });
    routes.add("GET", "/readyz", [&operations](const ExchangeRef& exchange) {
        const std::string refusal = operations.store_refusal();
        if (refusal.empty()) return exchange->answer(json_response(200, "{\"status\": \"ready\"}\n"));
        exchange->answer(problem(503, "store-refuses", refusal));
    });
}

}  // namespace

HttpService::HttpService(api::Operations& operations, api::LocalBroker& broker, api::LoginSessions& logins,
                         std::vector<std::string> origins, std::shared_ptr<const api::UpgradeHandler> websocket,
                         std::function<int64_t()> wall_now_ms)
    : gate_(broker, &logins) {
    routes_.allow_origins(std::move(origins));
    routes_.identify_with([this](const Request& request) { return gate_.logged_in(request); });
    add_login_routes(routes_, gate_, broker, logins);
    add_health_routes(routes_, operations);
    add_topic_routes(routes_, gate_, broker);
    add_publish_routes(routes_, gate_, broker);
    add_history_routes(routes_, gate_, broker, wall_now_ms);
    add_subscribe_routes(routes_, gate_, broker, wall_now_ms);
    // The longest queues only if they are asked for: every Session is looked at for them.
    add_status_routes(routes_, operations, gate_.admin_guard(), 0);
    add_client_routes(routes_, operations, gate_.admin_guard());
    add_retained_routes(routes_, gate_, broker);
    routes_.add_upgrade("mqtt", std::move(websocket));
}

std::unique_ptr<api::StreamSession> HttpService::open(const api::StreamOrigin& origin) {
    return std::make_unique<HttpSession>(routes_, Limits{}, origin);
}

}  // namespace runnel::http

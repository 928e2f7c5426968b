// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/http_service.h"

#include <utility>

#include "bridges/http/http_session.h"

namespace runnel::http {
namespace {

void add_health_routes(Routes& routes, api::Operations& operations) {
    // That the process answers is all there is to say.
    routes.add("GET", "/healthz",
               [](const ExchangeRef& exchange) { exchange->answer(json_response(200, "{\"status\": \"ok\"}\n")); });
    routes.add("GET", "/readyz", [&operations](const ExchangeRef& exchange) {
        const std::string refusal = operations.store_refusal();
        if (refusal.empty()) return exchange->answer(json_response(200, "{\"status\": \"ready\"}\n"));
        exchange->answer(problem(503, "store-refuses", refusal));
    });
}

}  // namespace

HttpService::HttpService(api::Operations& operations, std::shared_ptr<const api::UpgradeHandler> websocket,
                         const Page& page) {
    add_health_routes(routes_, operations);
    add_page_routes(routes_, page);
    routes_.add_upgrade("mqtt", std::move(websocket));
}

std::unique_ptr<api::StreamSession> HttpService::open() {
    return std::make_unique<HttpSession>(routes_);
}

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/status_routes.h"

#include "bridges/http/metrics_text.h"
#include "bridges/http/query_values.h"
#include "bridges/http/status_json.h"

namespace runnel::http {
namespace {

constexpr uint64_t kQueuesMax = 1000;

void show_status(api::Operations& operations, const ExchangeRef& exchange, size_t queues_shown) {
    const auto queues = read_number(exchange->request(), "queues", 0, kQueuesMax, queues_shown);
    if (!queues) return exchange->answer(problem(422, "queues", queues.error()));
    operations.status(*queues, [exchange](const api::BrokerStatus& status) {
        Response response = json_response(200, status_json(status));
        response.headers.add("Cache-Control", "no-store");
        exchange->answer(response);
    });
}

void show_metrics(api::Operations& operations, const ExchangeRef& exchange) {
    operations.status(0, [exchange](const api::BrokerStatus& status) {
        Response response;
        response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        response.headers.add("Cache-Control", "no-store");
        response.body = metrics_text(status);
        response.is_compressible = true;
        exchange->answer(response);
    });
}

}  // namespace

void add_status_routes(Routes& routes, api::Operations& operations, const Routes::Guard& guard, size_t queues_shown) {
    routes.add("GET", "/v1/status", guard([&operations, queues_shown](const ExchangeRef& exchange) {
                   show_status(operations, exchange, queues_shown);
               }));
    routes.add("GET", "/metrics",
               guard([&operations](const ExchangeRef& exchange) { show_metrics(operations, exchange); }));
}

}  // namespace runnel::http

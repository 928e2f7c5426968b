// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/routes.h"
#include "broker/api/operations.h"

namespace runnel::http {

// GET /v1/status?queues=5: the state of the broker, and which queues are the longest, of which `queues_shown` if the
// query does not say. GET /metrics: the same for Prometheus. `operations` outlives the routes.
void add_status_routes(Routes& routes, api::Operations& operations, const Routes::Guard& guard, size_t queues_shown);

}  // namespace runnel::http

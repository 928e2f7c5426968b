// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/routes.h"
#include "broker/api/operations.h"

namespace runnel::http {

// GET /v1/clients, GET and DELETE /v1/clients/{id}, GET /v1/subscriptions. `operations` outlives the routes.
void add_client_routes(Routes& routes, api::Operations& operations, const Routes::Guard& guard);

}  // namespace runnel::http

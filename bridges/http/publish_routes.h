// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/gate.h"

namespace runnel::http {

// POST /v1/publish: one message as a JSON object, several in an array, or any number as NDJSON, each with its own
// result. `broker` outlives the routes.
void add_publish_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker);

}  // namespace runnel::http

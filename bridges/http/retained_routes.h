// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/gate.h"

namespace runnel::http {

// GET /v1/retained?filter=home/%23&limit=100&after=: the Retained Messages that the client may receive, in the order of
// their topics, without the payloads. `broker` outlives the routes.
void add_retained_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker);

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "bridges/http/gate.h"

namespace runnel::http {

// GET /v1/subscribe?filter=a/%2B&filter=b/%23: messages as they come. `broker` outlives the routes.
void add_subscribe_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker,
                          std::function<int64_t()> wall_now_ms);

}  // namespace runnel::http

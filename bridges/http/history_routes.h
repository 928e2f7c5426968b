// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "bridges/http/gate.h"
#include "bridges/http/routes.h"
#include "broker/api/history.h"

namespace runnel::http {

// GET /v1/history: what was kept of messages, or buckets of their numbers; json, ndjson or csv. A page is read and
// sent before the next is read, so that an answer of any length costs the memory of one. Where nothing is stored
// `history` is null, and the answer says so; else it outlives the routes. It waits for the disk: not for an event loop.
// `wall_now_ms` is the clock that relative times count from.
void add_history_routes(Routes& routes, const api::History* history, std::function<int64_t()> wall_now_ms);
// The same on an event loop, where nobody waits for the disk, for every user: what a client may not receive is left
// out.
void add_history_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker,
                        std::function<int64_t()> wall_now_ms);

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/gate.h"

namespace runnel::http {

// POST, GET and DELETE of /v1/topics/{topic...}: publish, read and clear the Retained Message. `broker` outlives the
// routes.
void add_topic_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker);

// The problem for a publish that was refused.
Response publish_problem(const api::LocalPublished& answer);
// {"matched": 3, "stored": true, "durability": "synced"}
void append_published(std::string& out, const api::LocalPublished& answer);

}  // namespace runnel::http

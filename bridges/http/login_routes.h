// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridges/http/gate.h"

namespace runnel::http {

// POST /v1/login {"user", "password"}: a token, as a cookie and in the answer. POST /v1/logout ends it. GET /v1/session
// says who asks. All outlive the routes.
void add_login_routes(Routes& routes, const Gate& gate, api::LocalBroker& broker, api::LoginSessions& logins);

}  // namespace runnel::http

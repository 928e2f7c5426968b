// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "bridges/http/routes.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"

namespace runnel::http {

// The paths for those who run the broker: GET /v1/status?queues=5, POST /v1/backup {"directory": "/absolute/path"}.
void add_admin_routes(Routes& routes, api::Operations& operations);

// HTTP with these paths and no login: whoever reaches the stream may do all of it.
class AdminService final : public api::StreamService {
public:
    // `operations` outlives it.
    explicit AdminService(api::Operations& operations) { add_admin_routes(routes_, operations); }
    std::unique_ptr<api::StreamSession> open() override;

private:
    Routes routes_;
};

}  // namespace runnel::http

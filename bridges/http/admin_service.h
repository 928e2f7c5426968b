// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "bridges/http/history_routes.h"
#include "bridges/http/routes.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"

namespace runnel::http {

// The paths for those who run the broker: GET /v1/status?queues=5, POST /v1/backup {"directory": "/absolute/path"}.
// Those of the history (history_routes.h) come beside them.
void add_admin_routes(Routes& routes, api::Operations& operations);

// HTTP with these paths and no login: whoever reaches the stream may do all of it.
class AdminService final : public api::StreamService {
public:
    // Both outlive it; `history` is null where nothing is stored.
    AdminService(api::Operations& operations, const api::History* history, std::function<int64_t()> wall_now_ms) {
        add_admin_routes(routes_, operations);
        add_history_routes(routes_, history, std::move(wall_now_ms));
    }
    std::unique_ptr<api::StreamSession> open(const api::StreamOrigin& origin) override;

private:
    Routes routes_;
};

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bridges/http/routes.h"
#include "broker/api/history.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"

namespace runnel::http {

// HTTP for those who run the broker, without a login: whoever reaches the stream may do all of it. POST /v1/backup
// {"directory": "/absolute/path"}, beside the paths of status_routes.h and history_routes.h.
class AdminService final : public api::StreamService {
public:
    // Both outlive it; `history` is null where nothing is stored.
    AdminService(api::Operations& operations, const api::History* history, std::function<int64_t()> wall_now_ms);
    std::unique_ptr<api::StreamSession> open(const api::StreamOrigin& origin) override;

private:
    Routes routes_;
};

}  // namespace runnel::http

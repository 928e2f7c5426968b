// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "bridges/http/page_routes.h"
#include "bridges/http/routes.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"
#include "broker/api/upgrade.h"

namespace runnel::http {

// What a listener for HTTP answers: one for each event loop, used by its thread.
class HttpService final : public api::StreamService {
public:
    // `operations` outlives it. `websocket` answers at /mqtt, `page` at /.
    HttpService(api::Operations& operations, std::shared_ptr<const api::UpgradeHandler> websocket, const Page& page);
    HttpService(const HttpService&) = delete;
    HttpService& operator=(const HttpService&) = delete;
    std::unique_ptr<api::StreamSession> open() override;

private:
    Routes routes_;
};

}  // namespace runnel::http

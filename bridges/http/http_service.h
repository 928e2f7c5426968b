// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridges/http/gate.h"
#include "bridges/http/page_routes.h"
#include "bridges/http/routes.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"
#include "broker/api/upgrade.h"

namespace runnel::http {

// What a listener for HTTP answers: one for each event loop, used by its thread.
class HttpService final : public api::StreamService {
public:
    // `operations`, `broker` and `logins` outlive it. `websocket` answers at /mqtt; pages of `origins` may use the
    // rest.
    HttpService(api::Operations& operations, api::LocalBroker& broker, api::LoginSessions& logins,
                std::vector<std::string> origins, std::shared_ptr<const api::UpgradeHandler> websocket,
                std::function<int64_t()> wall_now_ms);
    HttpService(const HttpService&) = delete;
    HttpService& operator=(const HttpService&) = delete;
    // The web page at /.
    void add_page(const Page& page) { add_page_routes(routes_, page); }
    // Before anything is opened: the paths of other bridges, behind its own.
    void add_routes(const std::function<void(Routes&, const Gate&)>& add) { add(routes_, gate_); }
    void admit_with(Routes::Admit admit) { routes_.admit_with(std::move(admit)); }
    std::unique_ptr<api::StreamSession> open(const api::StreamOrigin& origin) override;

private:
    Gate gate_;
    Routes routes_;
};

}  // namespace runnel::http

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "bridges/http/gate.h"
#include "bridges/http/routes.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"
#include "broker/api/upgrade.h"

namespace runnel::http {

// What a listener for HTTP answers: one for each event loop, used by its thread.
class HttpService final : public api::StreamService {
public:
    // `operations` and `broker` outlive it. `websocket` answers at /mqtt.
    HttpService(api::Operations& operations, api::LocalBroker& broker,
                std::shared_ptr<const api::UpgradeHandler> websocket);
    // Before anything is opened: the paths of other bridges, behind its own.
    void add_routes(const std::function<void(Routes&, const Gate&)>& add) { add(routes_, gate_); }
    std::unique_ptr<api::StreamSession> open(const api::StreamOrigin& origin) override;

private:
    Gate gate_;
    Routes routes_;
};

}  // namespace runnel::http

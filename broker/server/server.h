// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "broker/api/history.h"
#include "broker/api/local_broker.h"
#include "broker/api/login_sessions.h"
#include "broker/api/operations.h"
#include "broker/api/stream_service.h"
#include "broker/base/result.h"
#include "broker/server/config.h"

namespace runnel::server {

// Reads the configuration again, for SIGHUP.
using ReloadFunction = std::function<Result<Config, std::vector<ConfigError>>()>;

// What the broker is given from outside: protocols of bridges. What they are given outlives
// what they make.
struct Bridges {
    // Answers on the admin channel. Without a store there is no history.
    std::function<std::unique_ptr<api::StreamService>(api::Operations&, const api::History*)> admin;
    // Answers on listeners for HTTP; made once for each event loop.
    std::function<std::unique_ptr<api::StreamService>(api::Operations&, api::LocalBroker&, api::LoginSessions&,
                                                      const Config&)>
        http;
    // Called by the main thread about once a second: what is to be published in the name of the broker.
    std::function<std::vector<api::LocalPublish>()> each_second;
    // Called by any thread, for the status.
    std::function<std::vector<api::StationStatus>()> stations;
};

// Runs a broker until SIGTERM or SIGINT; the exit code of the program.
int run(Config config, ReloadFunction reload, const Bridges& bridges);

}  // namespace runnel::server

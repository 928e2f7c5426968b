// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "broker/base/result.h"
#include "broker/server/config.h"

namespace runnel::server {

// Reads the configuration again, for SIGHUP.
using ReloadFunction = std::function<Result<Config, std::vector<ConfigError>>()>;

// Runs a broker until SIGTERM or SIGINT; the exit code of the program.
int run(Config config, ReloadFunction reload);

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
// Configurations as TOML, written from the option table.
#pragma once

#include <string>

#include "broker/server/config.h"

namespace runnel::server {

// Every key with its value; reading it gives the same configuration.
std::string print_config(const Config& config);

// conf/runnel.toml: every key with its help, and its default commented out.
std::string sample_config();

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "broker/base/json_value.h"

namespace runnel::ctl {

// "1.5 MiB"
std::string size_text(double bytes);
// "3d 04:05:06", without the days if there are none.
std::string uptime_text(uint64_t seconds);
// What GET /v1/status answered, for people. What an older broker does not say is shown as 0.
std::string status_text(const JsonValue& status);

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "broker/api/operations.h"

namespace runnel::http {

// The body of GET /v1/status.
std::string status_json(const api::BrokerStatus& status);

}  // namespace runnel::http

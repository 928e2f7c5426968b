// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "broker/api/operations.h"

namespace runnel::http {

// The body of GET /metrics: the text format of Prometheus, version 0.0.4.
std::string metrics_text(const api::BrokerStatus& status);

}  // namespace runnel::http

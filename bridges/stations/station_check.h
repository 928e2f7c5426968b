// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "broker/api/station_config.h"

namespace runnel::stations {

// What is wrong with these stations, each alone and all together.
std::vector<api::StationFault> check_stations(const std::vector<api::StationConfig>& stations);

}  // namespace runnel::stations

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace runnel::http {

// openapi.json: what the paths of listeners take and answer (OpenAPI 3.1).
std::string_view openapi_document();

}  // namespace runnel::http

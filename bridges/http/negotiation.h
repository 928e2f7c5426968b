// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "bridges/http/message.h"

namespace runnel::http {

// Whether Accept-Encoding allows gzip (RFC 9110, 12.5.3). Without the field: no.
bool accepts_gzip(const Headers& headers);

// Whether If-None-Match names this entity tag, or any: what the client has is still right (RFC 9110, 13.1.2).
bool has_none_match(const Headers& headers, std::string_view entity_tag);

}  // namespace runnel::http

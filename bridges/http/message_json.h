// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "bridges/http/publish_request.h"

namespace runnel::http {

// A message of POST /v1/publish, as compact JSON: `topic`; the payload as `payload` (a string), `payload_base64` or
// `payload_json` (any value), none for an empty one; `qos` (1 unless said otherwise), `retain`; and `properties` with
// the options of PublishOptions, `user_properties` among them: {"name": "value"} or [["name", "value"]].
RequestFault read_message(std::string_view compact, api::LocalPublish& publish);

}  // namespace runnel::http

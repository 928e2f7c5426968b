// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace runnel::server {

// Tells the service manager how the service is (the protocol of sd_notify: "READY=1", "STOPPING=1", "RELOADING=1"), if
// one started it and wants to know. Otherwise nothing.
void tell_service(std::string_view state);

}  // namespace runnel::server

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "broker/api/local_client.h"

namespace runnel::api {

// The Session of a device that has no connection and asks now and then. Messages of QoS 1 and 2 to its Topic Filter
// wait in it, with the limits of every Session and as durable; what one request was given is gone with the next one.
struct Inbox {
    LocalClient client;  // Its Client Identifier names the Session; its user has the right to receive.
    std::string filter;
    size_t count_max = 10;           // Messages of one answer,
    uint64_t bytes_max = 64 * 1024;  // and bytes, but for the first.
};

}  // namespace runnel::api

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "broker/api/local_client.h"
#include "broker/api/stream_service.h"

namespace runnel::http {

// Who is on the other side of one connection, and what it has shown of itself.
struct Caller {
    api::StreamOrigin origin;
    // The last Authorization field that was accepted, and who it was: the next request with the same one need not be
    // checked again, which takes long on purpose. Forgotten when the users or rules change.
    struct Login {
        std::string authorization;
        api::LocalClient client;
        uint64_t users_generation = 0;
    };
    std::optional<Login> login;
    // What the connection goes on as; null until it does.
    api::StreamSession::Continuation continuation{};
};

}  // namespace runnel::http

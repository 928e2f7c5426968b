// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session.h"

#include "broker/session/stored_queue.h"

namespace runnel::session {

Session::Session() = default;
Session::~Session() = default;

}  // namespace runnel::session

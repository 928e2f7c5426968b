// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "bridges/http/routes.h"
#include "broker/api/local_broker.h"

namespace runnel::http {

// Who may come in: what a request shows of itself (RFC 7617: Basic) is checked with the users of the broker, as CONNECT
// is. Anonymous clients come in where they may by MQTT.
class Gate {
public:
    using Handler = std::function<void(const ExchangeRef&, const api::LocalClient&)>;

    // `broker` outlives the gate and what it makes.
    explicit Gate(api::LocalBroker& broker) : broker_(broker) {}

    // For everybody who may come in, and for those only who may see and steer what belongs to others. Otherwise the
    // answer is 401 or 403.
    Routes::Handler user(Handler handler) const;
    Routes::Handler admin(Handler handler) const;

private:
    void identify(const ExchangeRef& exchange, const Handler& handler) const;

    api::LocalBroker& broker_;
};

}  // namespace runnel::http

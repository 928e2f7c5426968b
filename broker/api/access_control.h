// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "broker/api/identity.h"

namespace runnel::api {

// Who is asking. The views live as long as the question.
struct AccessSubject {
    const Identity& identity;
    std::string_view client_identifier;
};

// What a client may do. Immutable once made and asked from every event loop: a reload makes a new one. One answer for a
// PUBLISH, a Will, an HTTP publish and a bridge; shared subscriptions are asked with the filter behind $share/name/.
class AccessControl {
public:
    virtual ~AccessControl() = default;
    virtual bool may_publish(const AccessSubject& subject, std::string_view topic) const = 0;
    virtual bool may_subscribe(const AccessSubject& subject, std::string_view filter) const = 0;
    // Whether a message on this Topic Name may be delivered: what a broad filter would leak is stopped here.
    virtual bool may_receive(const AccessSubject& subject, std::string_view topic) const = 0;
    // Whether may_receive can ever be false: if not, deliveries need not ask.
    virtual bool checks_delivery() const = 0;
    // Whether it may see and steer what belongs to others: the admin API.
    virtual bool is_admin(const AccessSubject& subject) const = 0;
};

using AccessControlRef = std::shared_ptr<const AccessControl>;

}  // namespace runnel::api

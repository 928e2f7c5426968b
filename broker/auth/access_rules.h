// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/access_control.h"

namespace runnel::auth {

// One [[access]] rule. Empty texts stand for everyone, anonymous clients too. `user` and `client` are patterns in which
// * stands for any bytes; a user pattern never matches an anonymous client.
struct AccessRule {
    std::string user;
    std::string client;
    std::vector<std::string> publish;    // Topic Filters, in which %u stands for the user name and %c for
    std::vector<std::string> subscribe;  // the Client Identifier.
    std::vector<std::string> deny;       // Of either.
    bool admin = false;
    friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

// Whether the text matches the pattern: * stands for any bytes, also none; all else for itself. Linear space, no
// recursion.
bool matches_pattern(std::string_view pattern, std::string_view text);

// Why this can be no Topic Filter of a rule; nothing if it can. %u and %c may stand anywhere in a level.
std::optional<std::string> rule_filter_fault(std::string_view filter);

// The rules in their order. The first rule that matches the client and says something about the action decides: `deny`
// before the others. A rule that says nothing passes on to the next, and what no rule allows is refused. Without any
// rule everything is allowed.
//
// A name that is empty or holds + # / (or starts with $ where it would start the filter) stands for nothing: a filter
// that needs it allows nothing, and if it is a deny filter the action is denied.
//
// A subscription must lie within one filter of `subscribe`; it is refused if it lies within a deny filter. If it merely
// reaches into one, it is granted, and may_receive stops what is denied. $SYS is like any other topic: wildcards in
// front do not match it, so that it needs a filter of its own.
class AccessRules final : public api::AccessControl {
public:
    explicit AccessRules(std::vector<AccessRule> rules) : rules_(std::move(rules)) {}

    bool may_publish(const api::AccessSubject& subject, std::string_view topic) const override;
    bool may_subscribe(const api::AccessSubject& subject, std::string_view filter) const override;
    bool may_receive(const api::AccessSubject& subject, std::string_view topic) const override;
    // With rules always: a Session may hold subscriptions that were granted before the rules changed.
    bool checks_delivery() const override { return !rules_.empty(); }
    // Any rule with `admin` that matches the client makes it one; without any rule everybody is.
    bool is_admin(const api::AccessSubject& subject) const override;

private:
    std::vector<AccessRule> rules_;
};

}  // namespace runnel::auth

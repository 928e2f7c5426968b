// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/access_rules.h"

#include <algorithm>

#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"

namespace runnel::auth {
namespace {

// Whether `value` may stand in a filter: it must stay within one level and match only itself.
bool can_stand(std::string_view value, bool in_front) {
    if (value.empty() || value.find_first_of("+#/") != std::string_view::npos) return false;
    return !in_front || value.front() != '$';
}

size_t find_placeholder(std::string_view filter, size_t from) {
    for (size_t at = filter.find('%', from); at != std::string_view::npos; at = filter.find('%', at + 1))
        if (at + 1 < filter.size() && (filter[at + 1] == 'u' || filter[at + 1] == 'c')) return at;
    return std::string_view::npos;
}

// A filter of a rule for one client: as it is, or made up of its names.
class FilterFor {
public:
    FilterFor(std::string_view filter, const api::AccessSubject& subject) : text_(filter) {
        const size_t first = find_placeholder(filter, 0);
        if (first != std::string_view::npos) substitute(filter, first, subject);
    }
    FilterFor(const FilterFor&) = delete;
    FilterFor& operator=(const FilterFor&) = delete;

    bool is_usable() const { return usable_; }
    std::string_view text() const { return text_; }

private:
    void substitute(std::string_view filter, size_t at, const api::AccessSubject& subject) {
        size_t copied = 0;
        for (; at != std::string_view::npos; at = find_placeholder(filter, copied)) {
            const std::string_view value =
                filter[at + 1] == 'u' ? std::string_view(subject.identity.user_name) : subject.client_identifier;
            if (!can_stand(value, at == 0)) usable_ = false;
            made_up_.append(filter.substr(copied, at - copied)).append(value);
            copied = at + 2;
        }
        made_up_.append(filter.substr(copied));
        text_ = made_up_;
    }

    std::string_view text_;
    std::string made_up_;
    bool usable_ = true;
};

bool concerns(const AccessRule& rule, const api::AccessSubject& subject) {
    const bool named = !subject.identity.anonymous;
    if (!rule.user.empty() && !(named && matches_pattern(rule.user, subject.identity.user_name))) return false;
    return rule.client.empty() || matches_pattern(rule.client, subject.client_identifier);
}

// `reaches` tells whether a filter of a rule reaches the topic or filter in question.
template <class Reaches>
bool is_allowed(const std::vector<AccessRule>& rules, const api::AccessSubject& subject,
                std::vector<std::string> AccessRule::*allow, const Reaches& reaches) {
    const auto denies = [&](const std::string& text) {
        const FilterFor filter(text, subject);
        return !filter.is_usable() || reaches(filter.text());
    };
    const auto allows = [&](const std::string& text) {
        const FilterFor filter(text, subject);
        return filter.is_usable() && reaches(filter.text());
    };
    for (const AccessRule& rule : rules) {
        if (!concerns(rule, subject)) continue;
        if (std::ranges::any_of(rule.deny, denies)) return false;
        if (std::ranges::any_of(rule.*allow, allows)) return true;
    }
    return rules.empty();
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
    size_t p = 0;
    size_t t = 0;
    size_t star = std::string_view::npos;
    size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;  // The last * takes one byte more.
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::optional<std::string> rule_filter_fault(std::string_view filter) {
    if (filter.empty()) return "is empty";
    if (filter.size() > 65'535 || !mqtt::is_valid_text(filter)) return "is no UTF-8 text that MQTT can carry";
    if (filter.starts_with("$share/")) return "starts with $share/: shared subscriptions are checked without it";
    if (!mqtt::is_valid_topic_filter(filter))
        return "has a wildcard that does not stand alone in its level, or # not last";
    return std::nullopt;
}

bool AccessRules::may_publish(const api::AccessSubject& subject, std::string_view topic) const {
    if (topic.starts_with('$')) return false;
    return is_allowed(rules_, subject, &AccessRule::publish,
                      [topic](std::string_view filter) { return mqtt::matches(filter, topic); });
}

bool AccessRules::may_subscribe(const api::AccessSubject& subject, std::string_view filter) const {
    return is_allowed(rules_, subject, &AccessRule::subscribe,
                      [filter](std::string_view of_rule) { return mqtt::covers(of_rule, filter); });
}

bool AccessRules::may_receive(const api::AccessSubject& subject, std::string_view topic) const {
    return is_allowed(rules_, subject, &AccessRule::subscribe,
                      [topic](std::string_view filter) { return mqtt::matches(filter, topic); });
}

bool AccessRules::is_admin(const api::AccessSubject& subject) const {
    const auto makes_admin = [&](const AccessRule& rule) { return rule.admin && concerns(rule, subject); };
    return rules_.empty() || std::ranges::any_of(rules_, makes_admin);
}

}  // namespace runnel::auth

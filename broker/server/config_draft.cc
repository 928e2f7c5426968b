// SPDX-License-Identifier: Apache-2.0
#include "broker/server/config_draft.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/history/json_number.h"
#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "broker/server/address.h"
#include "broker/server/log_line.h"
#include "broker/server/options.h"

namespace runnel::server {
namespace {

std::string entry_key(std::string_view list, size_t index) {
    return std::string(list) + "." + std::to_string(index);
}

void check_listeners(ConfigDraft& draft) {
    const auto& listeners = draft.config.listeners;
    if (listeners.empty())
        draft.add_error(draft.place_of("listener"), "listener", "is an empty list", "one [[listener]] or more");
    std::vector<ListenAddress> seen;
    for (size_t i = 0; i < listeners.size(); ++i) {
        const std::string entry = entry_key("listener", i);
        const Place place = draft.place_of(entry + ".address");
        const auto address = parse_listen_address(listeners[i].address);
        if (!address) {
            draft.add_error(place, "listener.address", toml_string(listeners[i].address) + " is no address",
                            std::string(kListenAddressForms));
            continue;
        }
        const bool any_port = !address->is_unix() && address->port == 0;
        if (!any_port && std::find(seen.begin(), seen.end(), *address) != seen.end())
            draft.add_error(place, "listener.address",
                            toml_string(listeners[i].address) + " is the address of two listeners");
        seen.push_back(*address);
    }
}

void check_keep_alive(ConfigDraft& draft) {
    const shard::Settings& settings = draft.config.settings;
    if (settings.max_keep_alive == 0 || settings.server_keep_alive <= settings.max_keep_alive) return;
    draft.add_error(draft.place_of("mqtt.server_keep_alive"), "mqtt.server_keep_alive",
                    std::to_string(settings.server_keep_alive) + " is above mqtt.max_keep_alive",
                    "0 to " + std::to_string(settings.max_keep_alive));
}

void check_filters(ConfigDraft& draft, const std::string& entry, std::string_view name,
                   const std::vector<std::string>& filters) {
    for (const std::string& filter : filters)
        if (const auto fault = auth::rule_filter_fault(filter))
            draft.add_error(draft.place_of(entry + "." + std::string(name)), "access." + std::string(name),
                            toml_string(filter) + " " + *fault, "Topic Filters");
}

void check_access(ConfigDraft& draft) {
    for (size_t i = 0; i < draft.config.access.size(); ++i) {
        const auth::AccessRule& rule = draft.config.access[i];
        const std::string entry = entry_key("access", i);
        check_filters(draft, entry, "publish", rule.publish);
        check_filters(draft, entry, "subscribe", rule.subscribe);
        check_filters(draft, entry, "deny", rule.deny);
    }
}

// Of a rule about messages: history, storage.rule.
template <class Rule>
std::optional<std::string> filter_fault(const std::vector<Rule>& rules, size_t index) {
    const std::string& filter = rules[index].filter;
    if (filter.empty()) return "is missing";
    const auto parsed = mqtt::parse_filter(filter);
    if (!mqtt::is_valid_utf8(filter) || !parsed || parsed->is_shared())
        return toml_string(filter) + " is no Topic Filter";
    if (filter.starts_with('$')) return toml_string(filter) + " would match topics of the broker, which are never kept";
    for (size_t i = 0; i < index; ++i)
        if (rules[i].filter == filter) return toml_string(filter) + " is the filter of two rules";
    return std::nullopt;
}

void check_history(ConfigDraft& draft) {
    const Config& config = draft.config;
    const std::vector<history::Rule>& rules = config.settings.history;
    for (size_t i = 0; i < rules.size(); ++i) {
        const std::string entry = entry_key("history", i);
        if (auto fault = filter_fault(rules, i))
            draft.add_error(draft.place_of(entry + ".filter"), "history.filter", *std::move(fault));
        if (!history::is_json_pointer(rules[i].value))
            draft.add_error(draft.place_of(entry + ".value"), "history.value",
                            toml_string(rules[i].value) + " is no JSON pointer", "\"\" or \"/name/0/name\"");
    }
    if (!rules.empty() && !config.stores())
        draft.add_error(draft.place_of("history"), "history",
                        "needs a store, and storage.engine or storage.durability says that there is none");
}

void check_durability_rules(ConfigDraft& draft) {
    const std::vector<shard::DurabilityRule>& rules = draft.config.settings.durability_rules;
    for (size_t i = 0; i < rules.size(); ++i) {
        const std::string entry = entry_key("storage.rule", i);
        if (auto fault = filter_fault(rules, i))
            draft.add_error(draft.place_of(entry + ".filter"), "storage.rule.filter", *std::move(fault));
        if (rules[i].durability != storage::Durability::Memory && draft.config.storage.engine == StorageEngine::Memory)
            draft.add_error(draft.place_of(entry + ".durability"), "storage.rule.durability",
                            "needs a store, and storage.engine says that there is none", "\"memory\"");
    }
}

void read_users(ConfigDraft& draft) {
    AuthConfig& auth = draft.config.auth;
    if (auth.password_file.empty()) return;
    auto users = auth::read_password_file(auth.password_file);
    if (users) {
        auth.users = std::make_shared<const auth::PasswordSet>(*std::move(users));
        return;
    }
    for (const auth::PasswordFileError& error : users.error())
        draft.add_error(draft.place_of("auth.password_file"), "auth.password_file", error.text());
}

}  // namespace

std::string ConfigError::text() const {
    std::string text;
    if (!file.empty()) text.append(file).append(line == 0 ? "" : ":" + std::to_string(line)).append(": ");
    if (!key.empty()) text.append(key).append(": ");
    text.append(what);
    if (!allowed.empty()) text.append(" (allowed: ").append(allowed).append(")");
    return escape_text(text);  // Keys and values may hold any character.
}

void ConfigDraft::add_error(const Place& place, std::string_view key, std::string what, std::string allowed) {
    errors.push_back({place.file, place.line, std::string(key), std::move(what), std::move(allowed)});
}

Place ConfigDraft::place_of(std::string_view key) const {
    while (true) {
        if (const auto found = places.find(key); found != places.end()) return found->second;
        const size_t dot = key.rfind('.');
        if (dot == std::string_view::npos) return {};
        key = key.substr(0, dot);
    }
}

void check_config(ConfigDraft& draft) {
    check_listeners(draft);
    check_keep_alive(draft);
    check_access(draft);
    check_history(draft);
    check_durability_rules(draft);
    read_users(draft);
}

void add_station_faults(ConfigDraft& draft, const std::vector<api::StationFault>& faults) {
    for (const api::StationFault& fault : faults) {
        std::string place = entry_key("http.station", fault.station);
        std::string key = "http.station.";
        if (fault.field) {
            place = entry_key(place + ".field", *fault.field);
            key += "field.";
        }
        draft.add_error(draft.place_of(place + "." + fault.key), key + fault.key, fault.what, fault.allowed);
    }
}

}  // namespace runnel::server

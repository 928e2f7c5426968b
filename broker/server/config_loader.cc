// SPDX-License-Identifier: Apache-2.0
// The one file that knows toml++.
#include "broker/server/config_loader.h"

#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "broker/auth/text_file.h"
#include "broker/server/config_draft.h"
#include "broker/server/nearest_key.h"
#include "broker/server/options.h"
#include "broker/server/station_presets.h"

namespace runnel::server {
namespace {

constexpr std::string_view kOverride = "--set ";

std::string_view type_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "a list of other things than strings";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time: return "a date or time";
        default: return "nothing";
    }
}

RawValue raw_value(const toml::node& node) {
    if (const auto* boolean = node.as_boolean()) return boolean->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) return number->get();
    if (const auto* text = node.as_string()) return text->get();
    const auto* list = node.as_array();
    if (list == nullptr) return NoValue{type_of(node)};
    std::vector<std::string> texts;
    for (const toml::node& entry : *list) {
        const auto* text = entry.as_string();
        if (text == nullptr) return NoValue{type_of(node)};
        texts.push_back(text->get());
    }
    return texts;
}

// The value as TOML, for comparing with LaterKey::accepted; empty for tables, lists and dates.
std::string scalar_text(const toml::node& node) {
    if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
    if (const auto* text = node.as_string()) return toml_string(text->get());
    return {};
}

std::string joined(std::string_view front, std::string_view name) {
    return std::string(front).append(".").append(name);
}

template <class Target>
const Option<Target>* find_option(std::span<const Option<Target>> options, std::string_view key) {
    const auto found = std::ranges::find_if(options, [key](const auto& option) { return option.shape.key == key; });
    return found == options.end() ? nullptr : &*found;
}

// Reads one document, a file or an override, into a draft. What the document does not name stays as it is.
class DocumentReader {
public:
    // Overrides have a name and no lines.
    DocumentReader(ConfigDraft& draft, std::string name, bool has_lines)
        : draft_(draft), name_(std::move(name)), has_lines_(has_lines) {}

    void read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            const std::string name(key.str());
            if (!refuse_later(name, key, node)) read_section(name, key, node);
        }
    }

    void add_syntax_error(const toml::parse_error& error) {
        const int line = has_lines_ ? static_cast<int>(error.source().begin.line) : 0;
        draft_.add_error({name_, line}, "", "not valid TOML: " + std::string(error.description()));
    }

private:
    Place place_of(const toml::key& key) const {
        return {name_, has_lines_ ? static_cast<int>(key.source().begin.line) : 0};
    }

    void add_unknown(const toml::key& key, const std::string& full_key) {
        draft_.add_error(place_of(key), full_key, "unknown key; the nearest known one is " + nearest_key(full_key));
    }

    void read_section(const std::string& name, const toml::key& key, const toml::node& node) {
        const auto section = std::ranges::find(sections(), name, &Section::name);
        if (section == sections().end())
            add_unknown(key, name);
        else if (section->is_list)
            read_list(name, key, node);
        else if (const auto* table = node.as_table())
            read_table<Config>(*table, name, name, broker_options(), draft_.config);
        else
            draft_.add_error(place_of(key), name, "must be a table", "[" + name + "]");
    }

    // Whether the key is one of a later version, with an error unless its value may stand there.
    bool refuse_later(std::string_view full_key, const toml::key& key, const toml::node& node) {
        const auto later = std::ranges::find(later_keys(), full_key, &LaterKey::key);
        if (later == later_keys().end()) return false;
        const bool accepted = !later->accepted.empty() && scalar_text(node) == later->accepted;
        if (!accepted)
            draft_.add_error(place_of(key), full_key, std::string(later->what), std::string(later->accepted));
        return true;
    }

    // The keys of a table that stands at `entry` ("mqtt", "listener.0").
    template <class Target>
    void read_table(const toml::table& table, const std::string& section, const std::string& entry,
                    std::span<const Option<Target>> options, Target& target) {
        for (const auto& [key, node] : table) {
            const std::string name(key.str());
            const std::string full_key = joined(section, name);
            draft_.places[joined(entry, name)] = place_of(key);
            if (refuse_later(full_key, key, node)) continue;
            if (is_list(full_key)) {  // A list within a section.
                if constexpr (std::is_same_v<Target, api::StationConfig>)
                    read_fields(full_key, joined(entry, name), key, node, target);
                else
                    read_list(full_key, key, node);
                continue;
            }
            const Option<Target>* option = find_option(options, full_key);
            if (option == nullptr)
                add_unknown(key, full_key);
            else
                read_option(*option, key, node, target);
        }
    }

    template <class Target>
    void read_option(const Option<Target>& option, const toml::key& key, const toml::node& node, Target& target) {
        auto value = fit(option.shape, raw_value(node));
        if (value)
            option.set(target, *std::move(value));
        else
            draft_.add_error(place_of(key), option.shape.key, value.error().what, allowed_text(option.shape));
    }

    static bool is_list(std::string_view name) {
        const auto section = std::ranges::find(sections(), name, &Section::name);
        return section != sections().end() && section->is_list;
    }

    void read_list(const std::string& name, const toml::key& key, const toml::node& node) {
        if (name == "listener")
            read_entries(name, key, node, listener_options(), draft_.config.listeners);
        else if (name == "access")
            read_entries(name, key, node, access_options(), draft_.config.access);
        else if (name == "history")
            read_entries(name, key, node, history_options(), draft_.config.settings.history);
        else if (name == "http.station")
            read_entries(name, key, node, station_options(), draft_.config.stations);
        else
            read_entries(name, key, node, durability_rule_options(), draft_.config.settings.durability_rules);
    }

    // A list replaces what an earlier document said.
    template <class Target>
    void read_entries(const std::string& name, const toml::key& key, const toml::node& node,
                      std::span<const Option<Target>> options, std::vector<Target>& targets) {
        const auto* list = node.as_array();
        if (list == nullptr) return add_no_list(name, key);
        targets.clear();
        const auto begin = draft_.places.lower_bound(name + ".");
        draft_.places.erase(begin, draft_.places.lower_bound(name + "/"));  // "/" follows "." in ASCII.
        draft_.places[name] = place_of(key);
        for (const toml::node& entry : *list) {
            const std::string entry_name = joined(name, std::to_string(targets.size()));
            draft_.places[entry_name] = {name_, has_lines_ ? static_cast<int>(entry.source().begin.line) : 0};
            Target& target = targets.emplace_back();
            const auto* table = entry.as_table();
            if (table == nullptr) return add_no_list(name, key);
            if constexpr (std::is_same_v<Target, api::StationConfig>) read_preset(*table, entry_name, target);
            read_table(*table, name, entry_name, options, target);
        }
    }

    // What the preset of a station says comes first; what stands beside it wins.
    void read_preset(const toml::table& table, const std::string& entry, api::StationConfig& station) {
        const auto name = table["preset"].value<std::string>();
        if (!name || name->empty()) return;
        const auto preset = std::ranges::find(station_presets(), *name, &StationPreset::name);
        if (preset == station_presets().end()) {
            std::string known;
            for (const StationPreset& one : station_presets())
                known.append(known.empty() ? "" : ", ").append(toml_string(one.name));
            return draft_.add_error(place_of(table.find("preset")->first), "http.station.preset",
                                    toml_string(*name) + " is no preset", known);
        }
        DocumentReader reader(draft_, "preset " + *name, true);
        try {
            reader.read_table(toml::parse(preset->text), "http.station", entry, station_options(), station);
        } catch (const toml::parse_error& error) {
            reader.add_syntax_error(error);
        }
    }

    // The fields of one station. What the preset says of a value is changed, other fields come behind.
    void read_fields(const std::string& section, const std::string& entry, const toml::key& key, const toml::node& node,
                     api::StationConfig& station) {
        const auto* list = node.as_array();
        if (list == nullptr) return add_no_list(section, key);
        const size_t preset_count = station.fields.size();
        for (const toml::node& one : *list) {
            const auto* table = one.as_table();
            if (table == nullptr) return add_no_list(section, key);
            const auto from = (*table)["from"].value<std::string>();
            size_t index = 0;
            while (index < preset_count && station.fields[index].from != from)
                ++index;
            if (index == preset_count) {
                index = station.fields.size();
                station.fields.emplace_back();
            }
            const std::string entry_name = joined(entry, std::to_string(index));
            draft_.places[entry_name] = {name_, has_lines_ ? static_cast<int>(one.source().begin.line) : 0};
            read_table(*table, section, entry_name, station_field_options(), station.fields[index]);
        }
    }

    void add_no_list(const std::string& name, const toml::key& key) {
        draft_.add_error(place_of(key), name, "must be a list of tables",
                         "[[" + name + "]] or " + name + " = [{...}, ...]");
    }

    ConfigDraft& draft_;
    std::string name_;
    bool has_lines_;
};

void read_file(ConfigDraft& draft, const std::string& path) {
    const auto text = auth::read_text_file(path);
    if (!text) return draft.add_error({path, 0}, "", text.error().what);
    DocumentReader reader(draft, path, true);
    try {
        reader.read(toml::parse(*text));
    } catch (const toml::parse_error& error) {
        reader.add_syntax_error(error);
    }
}

std::optional<toml::table> try_parse(const std::string& text) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error&) {
        return std::nullopt;
    }
}

// A shell takes the quotes off key="text", so text may go without: unless it began as a quoted or composed value.
bool may_be_bare_text(std::string_view value) {
    return !value.empty() && std::string_view("\"'[{").find(value.front()) == std::string_view::npos;
}

void read_override(ConfigDraft& draft, const std::string& override_text) {
    const std::string name = std::string(kOverride) + override_text;
    const size_t equals = override_text.find('=');
    if (equals == std::string::npos) return draft.add_error({name, 0}, "", "no = in it", "key.path=value");
    const std::string key = override_text.substr(0, equals);
    const std::string value = override_text.substr(equals + 1);
    DocumentReader reader(draft, name, false);
    auto document = try_parse(override_text);
    if (!document && may_be_bare_text(value)) document = try_parse(key + "=" + toml_string(value));
    try {
        reader.read(document ? *document : toml::parse(override_text));
    } catch (const toml::parse_error& error) {
        reader.add_syntax_error(error);
    }
}

}  // namespace

Result<Config, std::vector<ConfigError>> load_config(const ConfigSources& sources) {
    ConfigDraft draft;
    if (sources.file) read_file(draft, *sources.file);
    for (const std::string& override_text : sources.overrides)
        read_override(draft, override_text);
    if (sources.data_dir) read_override(draft, "broker.data_dir=" + toml_string(*sources.data_dir));
    check_config(draft);
    if (sources.check_stations) add_station_faults(draft, sources.check_stations(draft.config.stations));
    // Tables come in the order of their keys: people read files by their lines. Overrides have no line and come last.
    std::ranges::stable_sort(draft.errors, {}, [](const ConfigError& error) {
        return error.line == 0 ? std::numeric_limits<int>::max() : error.line;
    });
    if (!draft.errors.empty()) return std::move(draft.errors);
    return std::move(draft.config);
}

}  // namespace runnel::server

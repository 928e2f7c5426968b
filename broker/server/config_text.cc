// SPDX-License-Identifier: Apache-2.0
#include "broker/server/config_text.h"
#include "broker/base/check.h"

#include <string_view>

#include "broker/base/check.h"
#include "broker/server/options.h"

namespace runnel::server {
namespace {

constexpr std::string_view kSampleTop =
    "# The configuration of Runnel: every key, what it does, what it may be, and its default behind a #.\n"
    "# Durations are strings with a unit (\"250ms\", \"10s\", \"5m\", \"2h\", \"7d\"), sizes are integers of bytes or "
    "strings\n"
    "# (\"64MiB\", \"10kB\"). `runnel --config FILE --check` checks a file, `runnel --print-config` prints what is in "
    "effect.\n";

// Of the lists, which have no default that could be shown.
constexpr std::string_view kListenerExample[] = {"\"mqtt\"", "\"127.0.0.1:1883\"", "0"};
constexpr std::string_view kAccessExample[] = {"\"sensor-*\"",        "\"*\"", "[\"home/%u/#\"]",
                                               "[\"commands/%c/#\"]", "[]",    "false"};
constexpr std::string_view kDurabilityRuleExample[] = {"\"live/#\"", "\"memory\""};
constexpr std::string_view kHistoryExample[] = {"\"home/#\"", "\"30d\"", "0", "\"\"", "\"365d\""};

constexpr std::string_view kStationExample[] = {"\"garden\"",  "\"ecowitt\"",
                                                "\"POST\"",    "\"/data/report/\"",
                                                "false",       "\"form\"",
                                                "[]",          "\",\"",
                                                "\"\"",        "\"name\"",
                                                "\"value\"",   "\"stations/{station}\"",
                                                "\"reading\"", "true",
                                                "1",           "false",
                                                "\"\"",        "[\"\"]",
                                                "[]",          "[\"PASSKEY=0123456789ABCDEF0123456789ABCDEF\"]",
                                                "200",         "\"text/plain\"",
                                                "\"\"",        "\"\"",
                                                "\"\"",        "10",
                                                "\"0s\"",      "\"status\""};
constexpr std::string_view kStationFieldExample[] = {
    "\"temp{n}f\"", "\"channel/{n}/temperature\"", "\"\"", "\"fahrenheit->celsius\"", "1", "0", "2", "\"{value}\""};

bool is_absent(const OptionShape& shape, const OptionValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    return shape.kind == OptionKind::Text && text != nullptr && text->size() < static_cast<size_t>(shape.min);
}

template <class Target>
void print_option(std::string& out, const Option<Target>& option, const Target& target) {
    const OptionValue value = option.get(target);
    if (is_absent(option.shape, value)) return;
    out.append(option.shape.name()).append(" = ").append(toml_text(option.shape, value)).append("\n");
}

template <class Target>
void print_list(std::string& out, std::string_view name, std::span<const Option<Target>> options,
                const std::vector<Target>& targets) {
    for (const Target& target : targets) {
        out.append("\n[[").append(name).append("]]\n");
        for (const auto& option : options)
            print_option(out, option, target);
    }
}

void print_stations(std::string& out, const std::vector<api::StationConfig>& stations) {
    for (const api::StationConfig& station : stations) {
        print_list<api::StationConfig>(out, "http.station", station_options(), {station});
        print_list(out, "http.station.field", station_field_options(), station.fields);
    }
}

void print_section(std::string& out, std::string_view name, const Config& config) {
    out.append("\n[").append(name).append("]\n");
    for (const auto& option : broker_options())
        if (option.shape.section() == name) print_option(out, option, config);
}

// Of these the help says enough.
bool is_self_evident(OptionKind kind) {
    return kind == OptionKind::Boolean || kind == OptionKind::Text || kind == OptionKind::TextList;
}

void sample_option(std::string& out, const OptionShape& shape, std::string_view value) {
    out.append("# ").append(shape.help).append("\n");
    if (!is_self_evident(shape.kind)) out.append("# Allowed: ").append(allowed_text(shape)).append(".\n");
    out.append("#").append(shape.name()).append(" = ").append(value).append("\n\n");
}

template <class Target>
void sample_list(std::string& out, std::string_view name, std::span<const Option<Target>> options,
                 std::span<const std::string_view> examples) {
    RUNNEL_CHECK(options.size() == examples.size());
    out.append("#[[").append(name).append("]]\n\n");
    for (size_t i = 0; i < options.size(); ++i)
        sample_option(out, options[i].shape, examples[i]);
}

void sample_section(std::string& out, std::string_view name, const Config& defaults) {
    out.append("[").append(name).append("]\n\n");
    for (const auto& option : broker_options())
        if (option.shape.section() == name)
            sample_option(out, option.shape, toml_text(option.shape, option.get(defaults)));
}

}  // namespace

std::string print_config(const Config& config) {
    std::string out;
    for (const Section& section : sections()) {
        if (section.name == "listener")
            print_list(out, section.name, listener_options(), config.listeners);
        else if (section.name == "access")
            print_list(out, section.name, access_options(), config.access);
        else if (section.name == "history")
            print_list(out, section.name, history_options(), config.settings.history);
        else if (section.name == "storage.rule")
            print_list(out, section.name, durability_rule_options(), config.settings.durability_rules);
        else if (section.name == "http.station")
            print_stations(out, config.stations);
        else if (section.name == "http.station.field")
            continue;  // With their stations.
        else
            print_section(out, section.name, config);
    }
    return out.substr(1);
}

std::string sample_config() {
    const Config defaults;
    std::string out(kSampleTop);
    for (const Section& section : sections()) {
        out.append("\n# ").append(section.help).append("\n");
        if (section.name == "listener")
            sample_list(out, section.name, listener_options(), kListenerExample);
        else if (section.name == "access")
            sample_list(out, section.name, access_options(), kAccessExample);
        else if (section.name == "history")
            sample_list(out, section.name, history_options(), kHistoryExample);
        else if (section.name == "storage.rule")
            sample_list(out, section.name, durability_rule_options(), kDurabilityRuleExample);
        else if (section.name == "http.station")
            sample_list(out, section.name, station_options(), kStationExample);
        else if (section.name == "http.station.field")
            sample_list(out, section.name, station_field_options(), kStationFieldExample);
        else
            sample_section(out, section.name, defaults);
    }
    out.pop_back();
    return out;
}

}  // namespace runnel::server

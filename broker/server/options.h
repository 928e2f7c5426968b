// SPDX-License-Identifier: Apache-2.0
// The option table: one row a key. The checks, the sample file, the printed configuration and the messages come from
// it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/base/result.h"
#include "broker/server/config.h"

namespace runnel::server {

enum class OptionKind : uint8_t {
    Boolean,
    Integer,
    Duration,         // In milliseconds.
    DurationOrNever,  // In milliseconds, whole seconds, or kNever.
    Size,             // In bytes.
    PlainSize,        // The same, written as an integer when it is printed.
    Text,
    OneOf,  // The index of a choice.
    TextList,
    Number  // With a fraction or not.
};

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

using OptionValue = std::variant<bool, int64_t, std::string, std::vector<std::string>, double>;

// What an option is, whatever it is an option of.
struct OptionShape {
    std::string_view key;  // "mqtt.max_qos": section and name.
    OptionKind kind = OptionKind::Text;
    std::string_view help;
    int64_t min = 0;  // Of the value; of a Text: its length.
    int64_t max = 0;
    std::span<const std::string_view> choices;

    std::string_view section() const { return key.substr(0, key.rfind('.')); }
    std::string_view name() const { return key.substr(key.rfind('.') + 1); }
};

// A row: the shape, and the way to the field of a Target.
template <class Target>
struct Option {
    OptionShape shape;
    OptionValue (*get)(const Target& target);
    void (*set)(Target& target, OptionValue value);  // The value fits the shape.
};

// [broker], [mqtt], [session], ... in the order of the sample file; and what one [[listener]], one [[access]], one
// [[history]], one [[storage.rule]], one [[http.station]] and one [[http.station.field]] hold.
std::span<const Option<Config>> broker_options();
std::span<const Option<ListenerConfig>> listener_options();
std::span<const Option<auth::AccessRule>> access_options();
std::span<const Option<history::Rule>> history_options();
std::span<const Option<shard::DurabilityRule>> durability_rule_options();
std::span<const Option<api::StationConfig>> station_options();
std::span<const Option<api::StationField>> station_field_options();

// A section of the file. Lists are arrays of tables.
struct Section {
    std::string_view name;
    bool is_list = false;
    std::string_view help;
};
std::span<const Section> sections();

// Keys that later versions have. What may stand there already means the same as leaving the key out.
struct LaterKey {
    std::string_view key;
    std::string_view accepted;  // As TOML; empty = nothing.
    std::string_view what;
};
std::span<const LaterKey> later_keys();

// The shape of every option of every section.
std::vector<const OptionShape*> all_shapes();

// What stood in the file, before it is known what it is for.
struct NoValue {
    std::string_view what;  // "a table", "a date"
};
using RawValue = std::variant<bool, int64_t, double, std::string, std::vector<std::string>, NoValue>;

struct OptionFault {
    std::string what;  // "3 is out of range"
};
Result<OptionValue, OptionFault> fit(const OptionShape& shape, const RawValue& raw);

// What may stand there, in words: "an integer from 0 to 2".
std::string allowed_text(const OptionShape& shape);

// The value as TOML.
std::string toml_text(const OptionShape& shape, const OptionValue& value);
std::string toml_string(std::string_view text);

}  // namespace runnel::server

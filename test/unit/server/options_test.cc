// SPDX-License-Identifier: Apache-2.0
#include "broker/server/options.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

namespace runnel::server {
namespace {

const OptionShape& shape_of(std::string_view key) {
    const auto shapes = all_shapes();
    const auto found = std::ranges::find(shapes, key, &OptionShape::key);
    REQUIRE(found != shapes.end());
    return **found;
}

std::string fault_of(std::string_view key, const RawValue& raw) {
    const auto fitted = fit(shape_of(key), raw);
    return fitted ? "" : fitted.error().what;
}

}  // namespace

TEST_CASE("options: every row is complete, of a known section, and there once") {
    std::set<std::string_view> keys;
    for (const OptionShape* shape : all_shapes()) {
        CAPTURE(shape->key);
        CHECK(keys.insert(shape->key).second);
        CHECK(shape->key.find('.') != std::string_view::npos);
        CHECK(std::ranges::count(sections(), shape->section(), &Section::name) == 1);
        CHECK(shape->help.ends_with('.'));
        CHECK(shape->help.find('\n') == std::string_view::npos);
        CHECK(shape->min <= shape->max);
        CHECK((shape->kind == OptionKind::OneOf) == !shape->choices.empty());
        CHECK_FALSE(allowed_text(*shape).empty());
    }
}

TEST_CASE("options: every default fits its own row and survives being set") {
    const Config defaults;
    for (const auto& option : broker_options()) {
        CAPTURE(option.shape.key);
        Config config;
        option.set(config, option.get(defaults));
        CHECK(option.get(config) == option.get(defaults));
        const OptionValue value = option.get(defaults);
        if (const auto* number = std::get_if<int64_t>(&value); number != nullptr && option.shape.choices.empty()) {
            CHECK(*number >= option.shape.min);
            CHECK(*number <= option.shape.max);
        }
    }
}

// A-29 starts the broker with such values; here it is that the fields can hold them.
TEST_CASE("options: the smallest and the largest value arrive unharmed") {
    for (const auto& option : broker_options()) {
        CAPTURE(option.shape.key);
        const OptionKind kind = option.shape.kind;
        const bool numeric = kind != OptionKind::Boolean && kind != OptionKind::Text && kind != OptionKind::TextList;
        const auto last_choice = static_cast<int64_t>(option.shape.choices.size()) - 1;
        for (const int64_t value : {option.shape.min, kind == OptionKind::OneOf ? last_choice : option.shape.max}) {
            if (!numeric) continue;
            Config config;
            option.set(config, value);
            CHECK(option.get(config) == OptionValue(value));
        }
        if (kind == OptionKind::DurationOrNever) {
            Config config;
            option.set(config, kNever);
            CHECK(option.get(config) == OptionValue(kNever));
        }
    }
}

TEST_CASE("options: each row has a field of its own") {
    const Config defaults;
    for (const auto& option : broker_options()) {
        const OptionValue before = option.get(defaults);
        OptionValue changed = int64_t{1'000};
        if (option.shape.kind == OptionKind::OneOf) changed = std::get<int64_t>(before) == 0 ? int64_t{1} : int64_t{0};
        if (option.shape.kind == OptionKind::Boolean) changed = !std::get<bool>(before);
        if (option.shape.kind == OptionKind::Text) changed = std::string("changed");
        if (option.shape.kind == OptionKind::TextList) changed = std::vector<std::string>{"changed"};
        Config config;
        option.set(config, changed);
        for (const auto& other : broker_options()) {
            CAPTURE(option.shape.key);
            CAPTURE(other.shape.key);
            const bool unchanged = other.get(config) == other.get(defaults);
            CHECK(unchanged == (&other != &option));
        }
    }
}

TEST_CASE("options: values that do not fit") {
    struct Row {
        std::string_view key;
        RawValue raw;
        std::string what;
    };
    const Row rows[] = {
        {"mqtt.max_qos", int64_t{3}, "3 is out of range"},
        {"mqtt.max_qos", int64_t{-1}, "-1 is out of range"},
        {"mqtt.max_qos", std::string("2"), "must be an integer, not a string"},
        {"mqtt.max_qos", 2.0, "must be an integer, not a number with a fraction"},
        {"mqtt.max_qos", true, "must be an integer, not a boolean"},
        {"mqtt.max_qos", NoValue{"a table"}, "must be an integer, not a table"},
        {"mqtt.max_qos", std::vector<std::string>{}, "must be an integer, not a list of strings"},
        {"mqtt.receive_maximum", int64_t{0}, "0 is out of range"},
        {"mqtt.receive_maximum", int64_t{65'536}, "65536 is out of range"},
        {"mqtt.retain_available", int64_t{1}, "must be a boolean, not an integer"},
        {"mqtt.connect_timeout", int64_t{10}, "must be a string such as \"10s\", not an integer"},
        {"mqtt.connect_timeout", std::string("9ms"), "\"9ms\" is out of range"},
        {"mqtt.connect_timeout", std::string("10"),
         "\"10\" is no duration: a whole number with the unit ms, s, m, h or d"},
        {"mqtt.connect_timeout", std::string("never"),
         "\"never\" is no duration: a whole number with the unit ms, s, m, h or d"},
        {"session.max_expiry", std::string("1500ms"), "\"1500ms\" is no whole number of seconds"},
        {"session.max_expiry", std::string("49711d"), "\"49711d\" is out of range"},
        {"mqtt.max_packet_size", int64_t{15}, "15 is out of range"},
        {"mqtt.max_packet_size", std::string("1GiB"), "\"1GiB\" is out of range"},
        {"mqtt.max_packet_size", std::string("1M"),
         "\"1M\" is no size: a whole number with the unit B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"},
        {"session.when_full", std::string("Drop-oldest"), "\"Drop-oldest\" is not known"},
        {"session.when_full", int64_t{0}, "must be a string, not an integer"},
        {"broker.data_dir", std::string(), "must not be empty"},
        {"broker.data_dir", std::string("a\0b", 3), "holds U+0000"},
        {"broker.data_dir", std::string(70'000, 'a'), "is too long"},
        {"access.publish", std::string("a"), "must be a list of strings, not a string"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.key);
        CHECK(fault_of(row.key, row.raw) == row.what);
    }
}

TEST_CASE("options: values that fit") {
    const auto fits = [](std::string_view key, const RawValue& raw, const OptionValue& value) {
        CAPTURE(key);
        const auto fitted = fit(shape_of(key), raw);
        REQUIRE(fitted);
        CHECK(*fitted == value);
    };
    fits("broker.sys_interval", std::string("0s"), int64_t{0});
    fits("session.max_expiry", std::string("never"), kNever);
    fits("session.max_expiry", std::string("2000ms"), int64_t{2'000});
    fits("session.max_queued_bytes", int64_t{5}, int64_t{5});
    fits("session.max_queued_bytes", std::string("10kB"), int64_t{10'000});
    fits("session.share_strategy", std::string("sticky"), int64_t{5});
    fits("auth.password_file", std::string(), std::string());
    fits("access.deny", std::vector<std::string>{"a", "b"}, std::vector<std::string>{"a", "b"});
}

TEST_CASE("options: the words of the choices are those of the enumerations") {
    const auto choose = [](std::string_view key, const char* word) {
        Config config;
        const auto option =
            std::ranges::find_if(broker_options(), [key](const auto& row) { return row.shape.key == key; });
        option->set(config, *fit(option->shape, std::string(word)));
        return config;
    };
    CHECK(choose("session.when_full", "drop-newest").settings.when_full == shard::WhenFull::DropNewest);
    CHECK(choose("session.when_full", "disconnect").settings.when_full == shard::WhenFull::Disconnect);
    CHECK(choose("session.share_strategy", "random").settings.share_strategy == routing::ShareStrategy::Random);
    CHECK(choose("session.share_strategy", "least-inflight").settings.share_strategy ==
          routing::ShareStrategy::LeastInflight);
    CHECK(choose("session.share_strategy", "hash-client").settings.share_strategy ==
          routing::ShareStrategy::HashClient);
    CHECK(choose("session.share_strategy", "hash-topic").settings.share_strategy == routing::ShareStrategy::HashTopic);
    CHECK(choose("session.share_strategy", "sticky").settings.share_strategy == routing::ShareStrategy::Sticky);
    CHECK(choose("auth.anonymous", "never").auth.anonymous == auth::AnonymousPolicy::Never);
    CHECK(choose("auth.anonymous", "always").auth.anonymous == auth::AnonymousPolicy::Always);
    CHECK(choose("log.level", "error").log.level == LogLevel::Error);
    CHECK(choose("log.level", "packets").log.level == LogLevel::Packets);
    CHECK(choose("log.format", "json").log.format == LogFormat::Json);
    CHECK(choose("session.max_expiry", "never").settings.max_expiry_seconds == 0xFFFF'FFFF);
    CHECK(choose("session.max_expiry", "1h").settings.max_expiry_seconds == 3'600);
    CHECK(choose("mqtt.connect_timeout", "1500ms").settings.connect_timeout == Duration{1'500});
}

TEST_CASE("options: TOML strings") {
    CHECK(toml_string("a \"b\" \\ \n\x7f") == "\"a \\\"b\\\" \\\\ \\u000a\\u007f\"");
    CHECK(toml_string("\xc3\xa4") == "\"\xc3\xa4\"");
}

}  // namespace runnel::server

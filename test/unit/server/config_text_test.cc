// SPDX-License-Identifier: Apache-2.0
#include "broker/server/config_text.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "broker/server/config_loader.h"
#include "broker/server/options.h"
#include "test/unit/temporary_folder.h"

namespace runnel::server {
namespace {

Config load_text(const std::string& text) {
    const TemporaryFolder folder;
    const auto config = load_config({folder.write("runnel.toml", text), {}, {}});
    if (!config) FAIL(config.error().front().text());
    return *config;
}

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

}  // namespace

TEST_CASE("sample: conf/runnel.toml is what the option table says") {
    const auto path = std::filesystem::path(__FILE__).parent_path() / "../../../conf/runnel.toml";
    std::ifstream file(path, std::ios::binary);
    REQUIRE_MESSAGE(file, path.string());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const bool equal = text == sample_config();
    CHECK_MESSAGE(equal, "write it anew with `runnel --print-sample > conf/runnel.toml`");
}

TEST_CASE("sample: it is valid as it stands, and says the defaults when its values count") {
    const std::string defaults = print_config(Config());
    CHECK(print_config(load_text(sample_config())) == defaults);
    // Comments have a blank behind their #, values have none.
    Config all_set =
        load_text(replace_all(replace_all(sample_config(), "\n# ", "\n## "), "\n#", "\n").replace(0, 2, "##"));
    CHECK(all_set.listeners.size() == 1);
    all_set.listeners = Config().listeners;
    CHECK(all_set.access.size() == 1);
    all_set.access.clear();
    CHECK(all_set.settings.history.size() == 1);
    all_set.settings.history.clear();
    CHECK(all_set.settings.durability_rules.size() == 1);
    all_set.settings.durability_rules.clear();
    CHECK(all_set.stations.size() == 1);
    all_set.stations.clear();
    CHECK(print_config(all_set) == defaults);
}

TEST_CASE("print: every key is there") {
    Config config;
    config.access.push_back({.user = "u", .client = "c", .publish = {}, .subscribe = {}, .deny = {}});
    config.settings.history.push_back({.filter = "f", .value = {}});
    config.settings.durability_rules.push_back({.filter = "f"});
    config.stations.emplace_back().name = "s";
    config.stations.back().fields.emplace_back().from = "f";
    const std::string text = print_config(config);
    for (const OptionShape* shape : all_shapes()) {
        CAPTURE(shape->key);
        CHECK(text.find("\n" + std::string(shape->name()) + " = ") != std::string::npos);
    }
    CHECK(text.find("\nmax_packet_size = 1048576\n") != std::string::npos);
    CHECK(text.find("\nmax_queued_bytes = \"64MiB\"\n") != std::string::npos);
    CHECK(text.find("\nmax_expiry = \"7d\"\n") != std::string::npos);
    CHECK(text.find("\nsys_interval = \"10s\"\n") != std::string::npos);
    CHECK(text.find("\n[[listener]]\nprotocol = \"mqtt\"\naddress = \"127.0.0.1:1883\"\n") != std::string::npos);
}

TEST_CASE("print: reading what was printed gives the same configuration") {
    Config config;
    config.loops = 7;
    config.sys_interval = Duration{0};
    config.data_dir = "/a \"quoted\" \\ back\tslash \xc3\xa4\x7f";
    config.listeners = {{net::ListenerProtocol::Mqtt, "[::]:0", 5}, {net::ListenerProtocol::Auto, "unix:/a b"}};
    config.http_origins = {"https://office.example"};
    config.websocket_origins = {"https://plant.example"};
    config.settings.max_expiry_seconds = 0xFFFF'FFFF;
    config.settings.max_queued_bytes = 12'345;
    config.settings.max_retained_bytes = 1'025;
    config.settings.max_queued_messages = 0;
    config.settings.max_packet_size = 268'435'460;
    config.settings.connect_timeout = Duration{1'501};
    config.settings.when_full = shard::WhenFull::Disconnect;
    config.settings.retain_available = false;
    config.auth.anonymous = auth::AnonymousPolicy::Always;
    config.access = {
        {.user = "a\"b", .client = "", .publish = {"x/%u", "y"}, .subscribe = {}, .deny = {"\xc3\xa4"}, .admin = true},
        {.user = "", .client = "c*", .publish = {}, .subscribe = {"#"}, .deny = {}}};
    config.settings.history = {{.filter = "a/#", .keep = Duration{90'000}, .max_bytes = 1'000, .value = "/\"x"}};
    config.log = {LogLevel::Packets, LogFormat::Json};
    const std::string printed = print_config(config);
    const Config again = load_text(printed);
    CHECK(print_config(again) == printed);
    CHECK(again.data_dir == config.data_dir);
    CHECK(again.access == config.access);
    REQUIRE(again.settings.history.size() == 1);
    CHECK(again.settings.history[0].value == "/\"x");
    CHECK(again.listeners.size() == 2);
    CHECK(again.settings.max_queued_bytes == 12'345);
    CHECK(again.settings.connect_timeout == Duration{1'501});
}

}  // namespace runnel::server

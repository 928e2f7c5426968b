// SPDX-License-Identifier: Apache-2.0
#include "broker/server/config_loader.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "test/unit/temporary_folder.h"

namespace runnel::server {
namespace {

using Overrides = std::vector<std::string>;

Config load(const std::string& text, Overrides overrides = {}) {
    const TemporaryFolder folder;
    const auto config = load_config({folder.write("runnel.toml", text), std::move(overrides), {}});
    if (!config) FAIL(config.error().front().text());
    return *config;
}

// The errors as text, with the name of the file cut to "file".
std::vector<std::string> errors_of(const std::string& text, Overrides overrides = {}) {
    const TemporaryFolder folder;
    const std::string path = folder.write("runnel.toml", text);
    const auto config = load_config({path, std::move(overrides), {}});
    std::vector<std::string> errors;
    if (config) return errors;
    for (const ConfigError& error : config.error()) {
        errors.push_back(error.text());
        if (errors.back().starts_with(path)) errors.back().replace(0, path.size(), "file");
    }
    return errors;
}

void has_only(const std::string& text, const std::string& error, Overrides overrides = {}) {
    CAPTURE(text);
    const auto errors = errors_of(text, std::move(overrides));
    REQUIRE(errors.size() == 1);
    CHECK(errors.front() == error);
}

}  // namespace

TEST_CASE("config: nothing at all gives the defaults") {
    const auto config = load_config({});
    REQUIRE(config);
    REQUIRE(config->listeners.size() == 2);
    CHECK(config->listeners[0].address == "127.0.0.1:1883");
    CHECK(config->listeners[0].protocol == net::ListenerProtocol::Mqtt);
    CHECK(config->listeners[1].address == "127.0.0.1:8080");
    CHECK(config->listeners[1].protocol == net::ListenerProtocol::Http);
    CHECK(config->auth.anonymous == auth::AnonymousPolicy::Loopback);
    CHECK(config->auth.users == nullptr);
    CHECK(config->access.empty());
    CHECK(config->settings.max_packet_size == 1'048'576);
    CHECK(load("").listeners.size() == 2);
}

constexpr const char* kWholeFile = R"(
[broker]
loops = 3
sys_interval = "0s"
data_dir = "/var/lib/runnel"
max_connections = 500
[[listener]]
address = "[::1]:0"
max_connections = 7
[[listener]]
protocol = "mqtt"
address = "unix:/run/runnel.sock"
proxy_protocol = false
[mqtt]
max_packet_size = "256KiB"
max_qos = 1
check_payload_format = true
response_information = "reply/"
[session]
max_expiry = "1h"
when_full = "disconnect"
share_strategy = "hash-topic"
max_queued_bytes = 1000
[retained]
max_messages = 10
max_bytes = "1MiB"
[storage]
engine = "memory"
durability = "memory"
[auth]
anonymous = "never"
acl_file = ""
[[access]]
user = "sensor-*"
publish = ["home/%u/#"]
[[access]]
client = "c*"
subscribe = ["a", "b"]
deny = ["c"]
admin = true
[log]
level = "debug"
format = "json"
)";

TEST_CASE("config: a whole file") {
    const Config config = load(kWholeFile);
    CHECK(config.loops == 3);
    CHECK(config.sys_interval == Duration{0});
    CHECK(config.data_dir == "/var/lib/runnel");
    CHECK(config.max_connections == 500);
    REQUIRE(config.listeners.size() == 2);
    CHECK(config.listeners[0].address == "[::1]:0");
    CHECK(config.listeners[0].max_connections == 7);
    CHECK(config.listeners[1].address == "unix:/run/runnel.sock");
    CHECK(config.settings.max_packet_size == 262'144);
    CHECK(config.settings.max_qos == 1);
    CHECK(config.settings.check_payload_format);
    CHECK(config.settings.response_information == "reply/");
    CHECK(config.settings.max_expiry_seconds == 3'600);
    CHECK(config.settings.when_full == shard::WhenFull::Disconnect);
    CHECK(config.settings.share_strategy == routing::ShareStrategy::HashTopic);
    CHECK(config.settings.max_queued_bytes == 1'000);
    CHECK(config.settings.max_retained_messages == 10);
    CHECK(config.settings.max_retained_bytes == 1 << 20);
    CHECK(config.auth.anonymous == auth::AnonymousPolicy::Never);
    REQUIRE(config.access.size() == 2);
    CHECK(config.access[0] ==
          auth::AccessRule{.user = "sensor-*", .client = "", .publish = {"home/%u/#"}, .subscribe = {}, .deny = {}});
    CHECK(config.access[1] ==
          auth::AccessRule{
              .user = "", .client = "c*", .publish = {}, .subscribe = {"a", "b"}, .deny = {"c"}, .admin = true});
    CHECK(config.log.level == LogLevel::Debug);
    CHECK(config.log.format == LogFormat::Json);
}

TEST_CASE("config: each error names file, line and key, what is wrong and what is allowed") {
    has_only("[mqtt]\n\nmax_qos = 3\n", "file:3: mqtt.max_qos: 3 is out of range (allowed: 0 to 2)");
    has_only("mqtt.max_qos = 3", "file:1: mqtt.max_qos: 3 is out of range (allowed: 0 to 2)");
    has_only("mqtt = {max_qos = 3}", "file:1: mqtt.max_qos: 3 is out of range (allowed: 0 to 2)");
    has_only("[mqtt]\nmax_packet_sise = 1",
             "file:2: mqtt.max_packet_sise: unknown key; the nearest known one is mqtt.max_packet_size");
    has_only("[mqqt]\nmax_qos = 1", "file:1: mqqt: unknown key; the nearest known one is mqtt");
    has_only("[mqtt.max_qos]\na = 1", "file:1: mqtt.max_qos: must be an integer, not a table (allowed: 0 to 2)");
    has_only("[broker]\nsys_interval = 2024-01-01",
             "file:2: broker.sys_interval: must be a string such as \"10s\", not a date or time "
             "(allowed: \"0s\" to \"1d\")");
    has_only("mqtt = 5", "file:1: mqtt: must be a table (allowed: [mqtt])");
    has_only("[listener]\naddress = \"127.0.0.1:1\"",
             "file:1: listener: must be a list of tables (allowed: [[listener]] or listener = [{...}, ...])");
    has_only("access = [1]", "file:1: access: must be a list of tables (allowed: [[access]] or access = [{...}, ...])");
    has_only("[[access]]\npublish = [1]",
             "file:2: access.publish: must be a list of strings, not a list of other things than strings (allowed: a "
             "list of strings)");
    has_only("[mqtt]\nmax_keep_alive = 10\nserver_keep_alive = 11",
             "file:3: mqtt.server_keep_alive: 11 is above mqtt.max_keep_alive (allowed: 0 to 10)");
}

TEST_CASE("config: all errors at once, in the order of the lines, overrides last") {
    const auto errors =
        errors_of("[session]\nwhen_full = \"x\"\n[auth]\nanonymous = \"y\"\n[broker]\nloops = -1\nloop = 1\n",
                  {"mqtt.max_qos=9", "log.level=loud"});
    REQUIRE(errors.size() == 6);
    CHECK(errors[0].starts_with("file:2: session.when_full: "));
    CHECK(errors[1].starts_with("file:4: auth.anonymous: "));
    CHECK(errors[2].starts_with("file:6: broker.loops: "));
    CHECK(errors[3].starts_with("file:7: broker.loop: "));
    CHECK(errors[4] == "--set mqtt.max_qos=9: mqtt.max_qos: 9 is out of range (allowed: 0 to 2)");
    CHECK(errors[5] ==
          "--set log.level=loud: log.level: \"loud\" is not known (allowed: \"error\", \"warning\", \"info\", "
          "\"debug\" or "
          "\"packets\")");
}

TEST_CASE("config: text that is no TOML") {
    CHECK(errors_of("a = 1\nb = = 2\n").front().starts_with("file:2: not valid TOML: "));
    CHECK(errors_of("[mqtt]\nmax_qos = 1\nmax_qos = 2\n").front().starts_with("file:3: not valid TOML: "));
    CHECK(errors_of("a = \"\xff\"\n").front().starts_with("file:1: not valid TOML: "));
    CHECK_FALSE(errors_of(std::string(2'000, '[')).empty());
    CHECK_FALSE(errors_of("a = " + std::string(5'000, '[')).empty());
    CHECK_FALSE(errors_of(std::string("a = 1\0", 6)).empty());
}

TEST_CASE("config: an error shows control characters of a file escaped") {
    const auto errors = errors_of("\"evil\\u001b[31m\\n\" = 1");
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].starts_with("file:1: evil\\x1b[31m\\n: unknown key"));
}

TEST_CASE("config: files that cannot be read are errors, never defaults") {
    const TemporaryFolder folder;
    for (const std::string& path : {folder.path("missing"), folder.path("."), std::string()}) {
        const auto config = load_config({path, {}, {}});
        REQUIRE_FALSE(config);
        CHECK(config.error().front().file == path);
    }
}

TEST_CASE("config: keys of later versions are named as such") {
    has_only("[listener.tls]\nkey=\"a\"",
             "file:1: listener: must be a list of tables (allowed: [[listener]] or listener = [{...}, ...])");
    has_only("[[listener]]\n[listener.tls]\nkey=\"a\"",
             "file:2: listener.tls: this version does not have it yet: it speaks no TLS");
    has_only("[[listener]]\nproxy_protocol = true",
             "file:2: listener.proxy_protocol: this version does not have it yet: it reads no PROXY header (allowed: "
             "false)");
    has_only("[[listener]]\nprotocol = \"mqtts\"",
             "file:2: listener.protocol: \"mqtts\" is not known (allowed: \"mqtt\", \"http\" or \"auto\")");
    has_only("[auth]\nacl_file = \"acl\"",
             "file:2: auth.acl_file: this version does not have it yet: write [[access]] rules (allowed: \"\")");
    has_only("[storage]\nengine = \"sqlite\"",
             "file:2: storage.engine: \"sqlite\" is not known (allowed: \"rocksdb\" or \"memory\")");
    has_only("[storage]\nengin = 1", "file:2: storage.engin: unknown key; the nearest known one is storage.engine");
    has_only("storage = 1", "file:1: storage: must be a table (allowed: [storage])");
}

TEST_CASE("config: history") {
    CHECK(load("").settings.history.empty());
    const auto rules = load(
                           "[[history]]\nfilter = \"home/#\"\n[[history]]\nfilter = \"a/+\"\nkeep = \"2h\"\n"
                           "max_bytes = \"1MiB\"\nvalue = \"/a~1b/0\"\nkeep_buckets = \"90d\"")
                           .settings.history;
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].filter == "home/#");
    CHECK(rules[0].keep == Duration::seconds(30 * 86'400));
    CHECK(rules[0].max_bytes == 0);
    CHECK(rules[0].value.empty());
    CHECK(rules[0].keep_buckets == Duration::seconds(365 * 86'400));
    CHECK(rules[1].filter == "a/+");
    CHECK(rules[1].keep == Duration::seconds(7'200));
    CHECK(rules[1].max_bytes == 1 << 20);
    CHECK(rules[1].value == "/a~1b/0");
    CHECK(rules[1].keep_buckets == Duration::seconds(90 * 86'400));
}

TEST_CASE("config: history that cannot be") {
    has_only("[[history]]\nkeep = \"1d\"", "file:1: history.filter: is missing");
    has_only("[[history]]\nfilter = \"a/#/b\"", "file:2: history.filter: \"a/#/b\" is no Topic Filter");
    has_only("[[history]]\nfilter = \"$share/g/a\"", "file:2: history.filter: \"$share/g/a\" is no Topic Filter");
    has_only("[[history]]\nfilter = \"$SYS/#\"",
             "file:2: history.filter: \"$SYS/#\" would match topics of the broker, which are never kept");
    has_only("[[history]]\nfilter = \"a\"\n[[history]]\nfilter = \"a\"",
             "file:4: history.filter: \"a\" is the filter of two rules");
    has_only("[[history]]\nfilter = \"a\"\nvalue = \"temperature\"",
             "file:3: history.value: \"temperature\" is no JSON pointer (allowed: \"\" or \"/name/0/name\")");
    has_only("[[history]]\nfilter = \"a\"\nkeep = \"0s\"",
             "file:3: history.keep: \"0s\" is out of range (allowed: \"1s\" to \"36500d\")");
    has_only("[[history]]\nfilter = \"a\"\nkep = \"1d\"",
             "file:3: history.kep: unknown key; the nearest known one is history.keep");
    has_only("[storage]\nengine = \"memory\"\n[[history]]\nfilter = \"a\"",
             "file:3: history: needs a store, and storage.engine or storage.durability says that there is none");
}

TEST_CASE("config: listeners") {
    has_only("[[listener]]\naddress = \"127.0.0.1\"",
             "file:2: listener.address: \"127.0.0.1\" is no address (allowed: host:port, [IPv6 address]:port or "
             "unix:/path)");
    has_only("[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\naddress = \"127.0.0.1:1\"",
             "file:4: listener.address: \"127.0.0.1:1\" is the address of two listeners");
    has_only("[[listener]]\naddress = \"[::1]:1\"\n[[listener]]\naddress = \"[0::1]:1\"",
             "file:4: listener.address: \"[0::1]:1\" is the address of two listeners");
    has_only("[[listener]]\naddress = \"unix:/a\"\n[[listener]]\naddress = \"unix:/a\"",
             "file:4: listener.address: \"unix:/a\" is the address of two listeners");
    has_only("[[listener]]\n[[listener]]",
             "file:2: listener.address: \"127.0.0.1:1883\" is the address of two listeners");
    has_only("listener = []", "file:1: listener: is an empty list (allowed: one [[listener]] or more)");
    CHECK(load("[[listener]]\naddress = \"127.0.0.1:0\"\n[[listener]]\naddress = \"127.0.0.1:0\"").listeners.size() ==
          2);
    CHECK(load("[[listener]]\naddress = \"0.0.0.0:1883\"\n[auth]\nanonymous = \"loopback\"").listeners.size() == 1);
    CHECK(load("[[listener]]\nmax_connections = 1").listeners[0].address == "127.0.0.1:1883");
}

TEST_CASE("config: access rules") {
    has_only("[[access]]\nuser = \"\"", "file:2: access.user: must not be empty (allowed: a text that is not empty)");
    CHECK(errors_of("[[access]]\n[[access]]\npublish = [\"a\", \"b#\"]")
              .front()
              .starts_with("file:3: access.publish: \"b#\" has a wildcard"));
    CHECK(errors_of("[[access]]\nsubscribe = [\"$share/g/a\"]")
              .front()
              .starts_with("file:2: access.subscribe: \"$share/g/a\" starts with"));
    CHECK(errors_of("[[access]]\ndeny = [\"\"]").front().starts_with("file:2: access.deny: \"\" is empty"));
    CHECK(errors_of("[[access]]\nusers = \"a\"").front() ==
          "file:2: access.users: unknown key; the nearest known one is access.user");
    CHECK(load("access = []").access.empty());
}

TEST_CASE("config: overrides win over the file and later ones over earlier ones") {
    const Config config = load(
        "[mqtt]\nmax_qos = 0\nmax_inflight = 5\n[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\naddress = "
        "\"127.0.0.1:2\"",
        {"mqtt.max_qos=1", "mqtt.max_qos = 2", "listener=[{address=\"127.0.0.1:3\"}]", "mqtt={receive_maximum=7}",
         "access=[{publish=['#']}]"});
    CHECK(config.settings.max_qos == 2);
    CHECK(config.settings.max_inflight == 5);
    CHECK(config.settings.receive_maximum == 7);
    REQUIRE(config.listeners.size() == 1);
    CHECK(config.listeners[0].address == "127.0.0.1:3");
    CHECK(config.access.size() == 1);
    has_only("[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\naddress = \"x\"",
             "--set listener=[{address=\"y\"}]: listener.address: \"y\" is no address (allowed: host:port, [IPv6 "
             "address]:port or unix:/path)",
             {"listener=[{address=\"y\"}]"});
}

TEST_CASE("config: text of an override may go without quotes, since shells take them off") {
    const Config config = load(
        "", {"log.level=packets", "log.format=\"json\"", "broker.sys_interval=250ms", "session.max_expiry=never",
             "broker.data_dir=/var/lib/a b=c", "session.max_queued_bytes=1MiB", "mqtt.response_information=inform"});
    CHECK(config.log.level == LogLevel::Packets);
    CHECK(config.log.format == LogFormat::Json);
    CHECK(config.sys_interval == Duration{250});
    CHECK(config.settings.max_expiry_seconds == 0xFFFF'FFFF);
    CHECK(config.data_dir == "/var/lib/a b=c");
    CHECK(config.settings.max_queued_bytes == 1 << 20);
    CHECK(config.settings.response_information == "inform");
}

TEST_CASE("config: overrides that are none") {
    has_only("", "--set mqtt.max_qos: no = in it (allowed: key.path=value)", {"mqtt.max_qos"});
    has_only("", "--set mqtt.max_qos=x: mqtt.max_qos: must be an integer, not a string (allowed: 0 to 2)",
             {"mqtt.max_qos=x"});
    for (const std::string text :
         {"=1", "mqtt.max_qos=", "mqtt.=1", "a b=1", "log.level=\"info", "access=[{", "mqtt.max_qos='"}) {
        CAPTURE(text);
        const auto errors = errors_of("", {text});
        REQUIRE(errors.size() == 1);
        CHECK(errors[0].starts_with("--set " + text + ": not valid TOML: "));
    }
}

TEST_CASE("config: the data directory of the command line wins") {
    const auto config = load_config({{}, {"broker.data_dir=\"a\""}, "/b \"c\"\\d"});
    REQUIRE(config);
    CHECK(config->data_dir == "/b \"c\"\\d");
    CHECK_FALSE(load_config({{}, {}, ""}));
    CHECK_FALSE(load_config({{}, {}, "\xff"}));
}

// E-13: a password file that is not whole stops the start, and at a reload leaves the old users.
TEST_CASE("config: the password file is read with the configuration") {
    const TemporaryFolder folder;
    const std::string password_hash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";
    const std::string path = folder.write("users", "alice:" + password_hash + "\n");
    const std::string file = folder.write("runnel.toml", "[auth]\npassword_file = \"" + path + "\"\n");
    const auto config = load_config({file, {}, {}});
    REQUIRE(config);
    REQUIRE(config->auth.users != nullptr);
    CHECK(config->auth.users->find("alice") != nullptr);

    folder.write("users", "alice:" + password_hash + "\nbob\n:x\n");
    const auto broken = load_config({file, {}, {}});
    REQUIRE_FALSE(broken);
    REQUIRE(broken.error().size() == 2);
    CHECK(broken.error()[0].text().starts_with(file + ":2: auth.password_file: " + path + ":2: no colon"));
    CHECK(
        broken.error()[1].text().starts_with(file + ":2: auth.password_file: " + path + ":3: the user name is empty"));

    std::filesystem::remove(path);
    CHECK_FALSE(load_config({file, {}, {}}));
    const auto by_override = load_config({{}, {"auth.password_file=" + path}, {}});
    REQUIRE_FALSE(by_override);
    CHECK(by_override.error().front().text() == "--set auth.password_file=" + path + ": auth.password_file: " + path +
                                                    ": cannot open it: No such file or directory");
}

}  // namespace runnel::server

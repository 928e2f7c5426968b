// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/arguments.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "cli/runnelctl/property_arguments.h"

namespace runnel::ctl {

using mqtt::ProtocolVersion;

namespace {

constexpr size_t kTextMax = 65535;

[[noreturn]] void refuse(const std::string& text) {
    throw CLI::ValidationError(text);
}

void check_text(const std::string& name, const std::string& value) {
    if (value.size() > kTextMax) refuse(name + " is longer than 65535 bytes");
    if (!mqtt::is_valid_text(value)) refuse(name + " is not UTF-8 text");
}

ProtocolVersion version_of(const std::string& word) {
    if (word == "31" || word == "mqttv31" || word == "3.1") return ProtocolVersion::V31;
    if (word == "311" || word == "mqttv311" || word == "3.1.1") return ProtocolVersion::V311;
    if (word == "5" || word == "mqttv5" || word == "5.0") return ProtocolVersion::V5;
    refuse("unknown protocol version '" + word + "'; choose 31, 311 or 5");
}

std::string first_line_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line) && line.empty()) refuse("cannot read a password from '" + path + "'");
    return line;
}

// The environment counts only beside a user name: a password that was meant for something else goes nowhere.
std::optional<std::string> password_of(const ConnectionArguments& arguments) {
    if (!arguments.password.empty()) return arguments.password;
    if (!arguments.password_file.empty()) return first_line_of(arguments.password_file);
    const char* password = std::getenv("RUNNEL_PASSWORD");
    if (password != nullptr && !arguments.user_name.empty()) return password;
    return std::nullopt;
}

// Seconds; -1 and ∞ mean never.
uint32_t session_expiry_of(const std::string& word) {
    if (word == "-1" || word == "\xE2\x88\x9E") return mqtt::kSessionExpiryNever;
    uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seconds);
    if (error != std::errc{} || end != word.data() + word.size())
        refuse("the session expiry is a number of seconds up to 4294967295, -1 or ∞, not '" + word + "'");
    return seconds;
}

void apply_session(const ClientArguments& arguments, ClientOptions& options) {
    options.client_identifier = arguments.client_identifier;
    if (!arguments.identifier_prefix.empty())
        options.client_identifier = arguments.identifier_prefix + std::to_string(getpid());
    check_text("the client id", options.client_identifier);
    options.clean_start = !arguments.keep_session;
    const bool is_v5 = options.version == ProtocolVersion::V5;
    if (!arguments.session_expiry.empty()) {
        if (!is_v5) refuse("-x needs MQTT 5");
        options.session_expiry = session_expiry_of(arguments.session_expiry);
    } else if (arguments.keep_session && is_v5) {
        options.session_expiry = mqtt::kSessionExpiryNever;
    }
    const bool is_kept = arguments.keep_session || options.session_expiry == mqtt::kSessionExpiryNever;
    if (is_kept && options.client_identifier.empty())
        refuse("a session that is kept needs a client id (-i), or nobody can come back to it");
}

void apply_will(const ClientArguments& arguments, ClientOptions& options) {
    const bool has_properties = !options.properties.of(PropertyTarget::Will).empty();
    if (arguments.will_topic.empty()) {
        if (!arguments.will_payload.empty() || arguments.will_qos != 0 || arguments.will_retain || has_properties)
            refuse("a Will needs --will-topic");
        return;
    }
    check_text("the will topic", arguments.will_topic);
    if (!mqtt::is_valid_topic_name(arguments.will_topic)) refuse("the will topic must not hold '+' or '#'");
    if (arguments.will_payload.size() > kTextMax) refuse("the will payload is longer than 65535 bytes");
    options.will = WillOptions{arguments.will_topic, arguments.will_payload, static_cast<mqtt::QoS>(arguments.will_qos),
                               arguments.will_retain};
}

}  // namespace

void add_qos_option(CLI::App& command, const std::string& name, int& qos, const std::string& text) {
    command.add_option(name, qos, text)
        ->check(CLI::Range(0, 2).description(""))
        ->type_name("0|1|2")
        ->capture_default_str();
}

void add_connection_options(CLI::App& command, ConnectionArguments& arguments) {
    command.set_help_flag("--help", "Print this help and exit");
    command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    command.option_defaults()->group("Connection");
    command.add_option("-h,--host", arguments.endpoint.host, "Host of the broker")->capture_default_str();
    command.add_option("-p,--port", arguments.endpoint.port, "Port of the broker")->capture_default_str();
    command.add_option("--unix", arguments.endpoint.unix_path, "Connect to this Unix socket")->type_name("PATH");
    command.add_option("-V,--protocol-version", arguments.version, "MQTT version: 31, 311 or 5 (or mqttv31, ...)")
        ->type_name("VERSION")
        ->capture_default_str();
    command.add_option("-u,--username", arguments.user_name, "User name")->type_name("NAME");
    command
        .add_option("-P,--password,--pw", arguments.password,
                    "Password; other users of this machine can see it while the command\n"
                    "runs, so rather set RUNNEL_PASSWORD or use --password-file")
        ->type_name("PASSWORD");
    command.add_option("--password-file", arguments.password_file, "Read the password from the first line of FILE")
        ->type_name("FILE");
    command.add_flag("--tls", arguments.tls, "Connect by TLS (not in this version yet)");
    constexpr const char* kFiles[] = {"--cafile", "--cert", "--key"};
    for (size_t i = 0; i < 3; ++i)
        command.add_option(kFiles[i], arguments.certificate_files[i], "For TLS (not in this version yet)")
            ->type_name("FILE");
    command.option_defaults()->group("Options");
}

void add_client_options(CLI::App& command, ClientArguments& arguments) {
    add_connection_options(command, arguments.connection);
    command.option_defaults()->group("Session");
    auto* id = command.add_option("-i,--id", arguments.client_identifier, "Client id; made up if it is not given");
    command.add_option("-I,--id-prefix", arguments.identifier_prefix, "Client id: this and the process id")
        ->excludes(id);
    command.add_flag("-c,--disable-clean-session", arguments.keep_session,
                     "Keep the session, with its subscriptions and waiting messages (needs -i)");
    command
        .add_option("-x,--session-expiry", arguments.session_expiry,
                    "Seconds the broker keeps the session; -1 or ∞: for ever (MQTT 5)")
        ->type_name("SECONDS");
    command.add_option("-k,--keepalive", arguments.keep_alive, "Keep Alive in seconds; 0 switches it off")
        ->capture_default_str();
    command.add_option("--will-topic", arguments.will_topic, "Topic of the Will Message")->type_name("TOPIC");
    command.add_option("--will-payload", arguments.will_payload, "Payload of the Will Message")->type_name("TEXT");
    add_qos_option(command, "--will-qos", arguments.will_qos, "QoS of the Will Message");
    command.add_flag("--will-retain", arguments.will_retain, "Retain the Will Message");
    command
        .add_option("-D,--property", arguments.properties,
                    "MQTT 5 property of a packet; repeatable. For user-property NAME KEY VALUE.\n"
                    "PACKET is connect, publish, will, subscribe, unsubscribe, disconnect,\n"
                    "puback, pubrec, pubrel or pubcomp")
        ->type_name("PACKET NAME VALUE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    command.option_defaults()->group("Options");
    command.add_flag("-d,--debug", arguments.debug, "Print the packets that are sent and received to standard error");
    command.add_flag("--quiet", arguments.quiet, "Print no errors");
}

void apply(const ConnectionArguments& arguments, Endpoint& endpoint, ProtocolVersion& version,
           std::optional<std::string>& user_name, std::optional<std::string>& password) {
    const auto& files = arguments.certificate_files;
    if (arguments.tls || !files[0].empty() || !files[1].empty() || !files[2].empty())
        refuse("TLS is not in this version yet");
    endpoint = arguments.endpoint;
    version = version_of(arguments.version);
    if (!arguments.user_name.empty()) user_name = arguments.user_name;
    password = password_of(arguments);
    check_text("the user name", arguments.user_name);
    if (password && password->size() > kTextMax) refuse("the password is longer than 65535 bytes");
    // [MQTT-3.1.2-22] of 3.1.1.
    if (password && !user_name && version != ProtocolVersion::V5) refuse("before MQTT 5 a password needs a user name");
}

ClientOptions client_options_of(const ClientArguments& arguments) {
    ClientOptions options;
    apply(arguments.connection, options.endpoint, options.version, options.user_name, options.password);
    for (const std::string& argument : arguments.properties)
        if (auto fault = options.properties.add(split_property_argument(argument))) refuse(*fault);
    if (!options.properties.empty() && options.version != ProtocolVersion::V5) refuse("-D needs MQTT 5");
    options.keep_alive = arguments.keep_alive;
    options.debug = arguments.debug;
    options.quiet = arguments.quiet;
    apply_session(arguments, options);
    apply_will(arguments, options);
    return options;
}

}  // namespace runnel::ctl

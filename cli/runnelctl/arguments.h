// SPDX-License-Identifier: Apache-2.0
// The command-line options that every command with a connection has.
#pragma once

#include <string>
#include <vector>

#include "cli/runnelctl/client_options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace runnel::ctl {

// What the user typed, until all of it is known.
struct ConnectionArguments {
    Endpoint endpoint;
    std::string version = "5";
    std::string user_name;
    std::string password;
    std::string password_file;
    bool tls = false;
    std::string certificate_files[3];
};

struct ClientArguments {
    ConnectionArguments connection;
    std::string client_identifier;
    std::string identifier_prefix;
    bool keep_session = false;
    std::string session_expiry;
    uint16_t keep_alive = 60;
    std::string will_topic;
    std::string will_payload;
    int will_qos = 0;
    bool will_retain = false;
    std::vector<std::string> properties;
    bool debug = false;
    bool quiet = false;
};

void add_connection_options(CLI::App& command, ConnectionArguments& arguments);
void add_client_options(CLI::App& command, ClientArguments& arguments);
void add_qos_option(CLI::App& command, const std::string& name, int& qos, const std::string& text);

// What the arguments mean. Throws CLI::ValidationError where they contradict each other or MQTT.
void apply(const ConnectionArguments& arguments, Endpoint& endpoint, mqtt::ProtocolVersion& version,
           std::optional<std::string>& user_name, std::optional<std::string>& password);
ClientOptions client_options_of(const ClientArguments& arguments);

}  // namespace runnel::ctl

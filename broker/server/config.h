// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/api/station_config.h"
#include "broker/auth/access_rules.h"
#include "broker/auth/authenticator.h"
#include "broker/auth/password_file.h"
#include "broker/base/log.h"
#include "broker/base/time.h"
#include "broker/net/listener_protocol.h"
#include "broker/shard/settings.h"
#include "storage/store.h"

namespace runnel::server {

// The values below are the defaults; the option table (options.h) gives each its name, its limits and its help.

struct ListenerConfig {
    net::ListenerProtocol protocol = net::ListenerProtocol::Mqtt;
    std::string address = "127.0.0.1:1883";  // See address.h.
    uint32_t max_connections = 0;            // 0 = no limit.
};

struct AuthConfig {
    auth::AnonymousPolicy anonymous = auth::AnonymousPolicy::Loopback;
    std::string password_file;  // Empty = none.
    // What the password file held when the configuration was read, so that both are taken or neither; null without one.
    auth::PasswordSetRef users;
};

enum class LogFormat : uint8_t { Text, Json };

struct LogConfig {
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Text;
};

enum class StorageEngine : uint8_t { RocksDb, Memory };

struct StorageConfig {
    StorageEngine engine = StorageEngine::RocksDb;
    uint64_t max_bytes = 0;  // On disk; 0 = no limit.
};

struct Config {
    int loops = 0;                  // Event loops; 0 = one per core.
    Duration sys_interval{10'000};  // 0 = never.
    std::string data_dir = "runnel-data";
    uint32_t max_connections = 0;  // In the whole broker; 0 = no limit.
    std::vector<ListenerConfig> listeners{{}, {net::ListenerProtocol::Http, "127.0.0.1:8080"}};
    std::vector<std::string> http_origins;
    uint32_t http_requests_max = 0;  // In a second, of one host; 0 = no limit.
    std::vector<std::string> websocket_origins;
    std::vector<api::StationConfig> stations;
    shard::Settings settings;
    StorageConfig storage;  // What is promised is in settings.
    AuthConfig auth;
    std::vector<auth::AccessRule> access;
    LogConfig log;

    // Whether anything is kept on disk.
    bool stores() const {
        return storage.engine != StorageEngine::Memory &&
               settings.strongest_durability() != storage::Durability::Memory;
    }
};

// One thing wrong with a configuration.
struct ConfigError {
    std::string file;          // Of the place; empty if it is nowhere, as for a default.
    int line = 0;              // 0 = not in a line of a file.
    std::string key;           // "mqtt.max_qos"; empty if no key is to blame.
    std::string what;          // "3 is out of range"
    std::string allowed;       // "0 to 2"; empty if `what` says it all.
    std::string text() const;  // "runnel.toml:12: mqtt.max_qos: 3 is out of range (allowed: 0 to 2)"
};

}  // namespace runnel::server

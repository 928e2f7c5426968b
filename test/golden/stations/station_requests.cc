// SPDX-License-Identifier: Apache-2.0
#include "test/golden/stations/station_requests.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "bridges/stations/station_check.h"
#include "broker/server/config_loader.h"

namespace runnel::test {
namespace {

// TOML has inline tables in one line; tests may have them in several.
server::ConfigSources sources_of(std::string toml) {
    std::ranges::replace(toml, '\n', ' ');
    server::ConfigSources sources;
    sources.overrides.push_back("http.station=[" + toml + "]");
    sources.check_stations = stations::check_stations;
    return sources;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string as_sent(const std::string& text) {
    const size_t end = text.find("\n\n");
    if (end == std::string::npos) throw std::runtime_error("a request without an empty line");
    std::string body = text.substr(end + 2);
    while (body.ends_with('\n'))
        body.pop_back();
    std::string request;
    for (const char c : text.substr(0, end + 1))
        request += c == '\n' ? "\r\n" : std::string(1, c);
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return request + "\r\n" + body;
}

}  // namespace

void RecordingBroker::authenticate(api::Credentials credentials,
                                   std::function<void(const api::AuthenticationOutcome&)> done) {
    api::AuthenticationOutcome outcome;
    outcome.reason = mqtt::ReasonCode::Success;
    if (credentials.user_name)
        outcome.identity = {*credentials.user_name, false};
    else if (!anonymous_allowed)
        outcome.reason = mqtt::ReasonCode::NotAuthorized;
    done(outcome);
}

void RecordingBroker::publish(const api::LocalClient& client, const api::LocalPublish& publish,
                              std::function<void(const api::LocalPublished&)> done) {
    messages.push_back(publish);
    clients.push_back(client);
    api::LocalPublished answer;
    if (publish.topic.ends_with("humidity")) answer.reason = refuses;
    done(answer);
}

Stations::Stations(const std::string& toml) {
    auto config = server::load_config(sources_of(toml));
    if (!config) throw std::runtime_error(config.error().front().text());
    stations::StationHooks hooks{
        [] { return kNowMs; },
        [this](const stations::Station& station, const std::string&) { heard.push_back(station.config().name); }};
    stations::add_station_routes(routes, gate, broker, stations::make_stations(config->stations), hooks);
}

std::vector<std::string> Stations::errors(const std::string& toml) {
    const auto config = server::load_config(sources_of(toml));
    std::vector<std::string> lines;
    if (config) return lines;
    for (const server::ConfigError& error : config.error())
        lines.push_back(error.key + ": " + error.what + (error.allowed.empty() ? "" : " (" + error.allowed + ")"));
    return lines;
}

std::string Stations::ask(std::string_view request) {
    http::HttpSession session(routes);
    session.bytes_received(request);
    session.input_ended();
    return std::string(session.output());
}

std::string Stations::published() const {
    std::string text;
    for (const api::LocalPublish& message : broker.messages)
        text += message.topic + " " + message.payload + "\n";
    return text;
}

std::vector<RecordedRequest> read_recorded_requests(const std::string& directory) {
    std::vector<RecordedRequest> requests;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() != ".http") continue;
        RecordedRequest one;
        one.name = entry.path().stem().string();
        one.preset = one.name.substr(0, one.name.find('.'));
        one.request = as_sent(read_file(entry.path()));
        one.expected = read_file(std::filesystem::path(entry.path()).replace_extension(".expected"));
        requests.push_back(std::move(one));
    }
    std::ranges::sort(requests, {}, &RecordedRequest::name);
    return requests;
}

}  // namespace runnel::test

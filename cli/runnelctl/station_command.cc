// SPDX-License-Identifier: Apache-2.0
// `runnelctl station`.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/http/http_session.h"
#include "bridges/stations/station_check.h"
#include "bridges/stations/station_routes.h"
#include "broker/api/empty_broker.h"
#include "broker/mqtt/properties.h"
#include "broker/server/config_loader.h"
#include "broker/server/station_presets.h"
#include "cli/runnelctl/command.h"

namespace runnel::ctl {
namespace {

struct Arguments {
    std::string source;
    std::string path;
    std::string name = "station";
};

// A line for each message; takes whoever comes.
class PrintingBroker final : public api::EmptyBroker {
public:
    void publish(const api::LocalClient&, const api::LocalPublish& publish,
                 std::function<void(const api::LocalPublished&)> done) override {
        std::printf("%s %s  (QoS %d%s%s)\n", publish.topic.c_str(), publish.payload.c_str(),
                    static_cast<int>(publish.qos), publish.retain ? ", retained" : "", time_of(publish).c_str());
        done({});
    }

private:
    static std::string time_of(const api::LocalPublish& publish) {
        std::string_view block = publish.encoded_properties;
        while (const auto property = mqtt::take_property(block))
            if (property->id == mqtt::PropertyId::UserProperty && property->text == "time")
                return ", time " + std::string(property->value);
        return {};
    }
};

int64_t wall_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// What an editor does to a request is undone: line ends, and the length of the body.
std::string repaired(const std::string& request) {
    const bool has_crlf = request.find("\r\n") != std::string::npos;
    const std::string_view end = has_crlf ? "\r\n\r\n" : "\n\n";
    const size_t head_size = std::min(request.find(end), request.size());
    std::string body = request.substr(std::min(head_size + end.size(), request.size()));
    while (!has_crlf && body.ends_with('\n'))
        body.pop_back();
    std::istringstream lines(request.substr(0, head_size));
    std::string head;
    bool has_host = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        const std::string_view name = std::string_view(line).substr(0, line.find(':'));
        if (http::equals_ignoring_case(name, "Content-Length")) continue;
        if (http::equals_ignoring_case(name, "Transfer-Encoding")) return request;
        has_host = has_host || http::equals_ignoring_case(name, "Host");
        head += line + "\r\n";
    }
    if (!has_host) head += "Host: localhost\r\n";
    return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

server::ConfigSources sources_of(const Arguments& arguments) {
    server::ConfigSources sources;
    sources.check_stations = stations::check_stations;
    const auto is_source = [&](const server::StationPreset& preset) { return preset.name == arguments.source; };
    if (std::ranges::any_of(server::station_presets(), is_source))
        sources.overrides.push_back("http.station=[{name=\"" + arguments.name + "\",preset=\"" + arguments.source +
                                    "\"}]");
    else
        sources.file = arguments.source;
    return sources;
}

// What is published on standard output, what is answered behind it.
int test(const Arguments& arguments) {
    const auto config = server::load_config(sources_of(arguments));
    if (!config) {
        for (const server::ConfigError& error : config.error())
            print_error(error.text());
        return kExitFailure;
    }
    if (config->stations.empty()) return print_error(arguments.source + " has no [[http.station]]");
    const auto request = read_file(arguments.path);
    if (!request) return print_error("cannot read " + arguments.path);
    PrintingBroker broker;
    const http::Gate gate(broker);
    http::Routes routes;
    stations::add_station_routes(routes, gate, broker, stations::make_stations(config->stations), {wall_now_ms});
    http::HttpSession session(routes);
    session.bytes_received(repaired(*request));
    session.input_ended();
    const std::string answer(session.output());
    if (answer.empty()) return print_error("there is no whole request in " + arguments.path);
    std::printf("\nanswer:\n%s", answer.c_str());
    if (!answer.ends_with('\n')) std::printf("\n");
    return answer.starts_with("HTTP/1.1 2") || answer.starts_with("HTTP/1.0 2") ? 0 : kExitFailure;
}

}  // namespace

void add_station_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("station", "Look after stations: devices that speak only HTTP");
    command.require_subcommand(1);
    CLI::App& tests = *command.add_subcommand("test", "Show what a recorded HTTP request would publish");
    std::string presets;
    for (const server::StationPreset& preset : server::station_presets())
        presets.append(presets.empty() ? "" : ", ").append(preset.name);
    tests.add_option("PRESET|CONFIG", arguments->source, "A preset (" + presets + "), or a runnel.toml with stations")
        ->required();
    tests.add_option("FILE", arguments->path, "The request, head and body, as it was recorded")->required();
    tests.add_option("--name", arguments->name, "The name of the station, with a preset")->capture_default_str();
    tests.footer("Nothing is sent anywhere. Example: runnelctl station test ecowitt request.txt");
    tests.callback([arguments, &exit_code] { exit_code = test(*arguments); });
}

}  // namespace runnel::ctl

// SPDX-License-Identifier: Apache-2.0
#include <sysexits.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridges/http/admin_service.h"
#include "bridges/http/http_service.h"
#include "bridges/stations/station_check.h"
#include "bridges/stations/station_routes.h"
#include "bridges/websocket/handshake.h"
#include "broker/server/config_loader.h"
#include "broker/server/config_text.h"
#include "broker/server/request_rates.h"
#include "broker/server/server.h"
#include "cli/runnel/dashboard_page.h"
#include "cli/runnel/options.h"
#include "cli/runnel/shared_station_watch.h"

namespace {

using runnel::cli::Action;
using runnel::cli::Options;

// Whether all of it could be written: a full disk or a closed pipe must not look like success.
bool print(const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int print_errors(const std::vector<runnel::server::ConfigError>& errors, int exit_code) {
    for (const auto& error : errors)
        std::fprintf(stderr, "%s\n", error.text().c_str());
    return exit_code;
}

int64_t wall_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::unique_ptr<runnel::api::StreamService> make_http_service(
    runnel::api::Operations& operations, runnel::api::LocalBroker& broker, runnel::api::LoginSessions& logins,
    const runnel::server::Config& config, runnel::cli::SharedStationWatch& watch, runnel::server::RequestRates& rates) {
    // A frame may hold several packets.
    const uint64_t frame_size_max = 2 * uint64_t{std::max(config.settings.max_packet_size, 1u << 20)};
    auto websocket = std::make_shared<runnel::websocket::Handshake>(
        runnel::websocket::Settings{frame_size_max, config.websocket_origins});
    auto service = std::make_unique<runnel::http::HttpService>(operations, broker, logins, config.http_origins,
                                                               std::move(websocket), wall_now_ms);
    if (config.http_requests_max != 0)
        service->admit_with([&rates](const runnel::api::StreamOrigin& origin) { return rates.admit(origin.address); });
    service->add_page(runnel::cli::dashboard_page());
    service->add_routes([&](runnel::http::Routes& routes, const runnel::http::Gate& gate) {
        runnel::stations::add_station_routes(
            routes, gate, broker, runnel::stations::make_stations(config.stations),
            {wall_now_ms,
             [&watch](const runnel::stations::Station& station, const std::string& address) {
                 watch.heard(station.config().name, address);
             },
             [&watch](const runnel::stations::Station& station) { watch.rejected(station.config().name); }});
    });
    return service;
}

std::unique_ptr<runnel::api::StreamService> make_admin_service(runnel::api::Operations& operations,
                                                               const runnel::api::History* history) {
    return std::make_unique<runnel::http::AdminService>(operations, history, wall_now_ms);
}

int serve(runnel::server::Config config, const runnel::server::ReloadFunction& reload) {
    runnel::cli::SharedStationWatch watch(config.stations);
    runnel::server::RequestRates rates(std::max(config.http_requests_max, 1u));
    const auto make_http = [&watch, &rates](runnel::api::Operations& operations, runnel::api::LocalBroker& broker,
                                            runnel::api::LoginSessions& logins, const runnel::server::Config& used) {
        return make_http_service(operations, broker, logins, used, watch, rates);
    };
    return runnel::server::run(std::move(config), reload,
                               {make_admin_service, make_http, [&watch] { return watch.time_advanced(); },
                                [&watch] { return watch.status(); }});
}

int execute(const Options& options) {
    namespace server = runnel::server;
    if (options.action == Action::PrintSample) return print(server::sample_config()) ? EX_OK : EX_IOERR;
    auto sources = options.sources;
    sources.check_stations = runnel::stations::check_stations;
    const auto load = [sources] { return server::load_config(sources); };
    auto config = load();
    if (!config) return print_errors(config.error(), options.action == Action::Check ? 1 : EX_CONFIG);
    switch (options.action) {
        case Action::Check: return print("configuration is valid\n") ? EX_OK : EX_IOERR;
        case Action::PrintConfig: return print(server::print_config(*config)) ? EX_OK : EX_IOERR;
        default: return serve(*std::move(config), load);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto parsed = runnel::cli::parse_command_line(argc, argv);
        return parsed.finished ? parsed.exit_code : execute(parsed.options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "runnel: %s\n", error.what());
        return EX_SOFTWARE;
    }
}

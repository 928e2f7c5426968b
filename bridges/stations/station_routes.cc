// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/station_routes.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bridges/http/target.h"
#include "bridges/http/topic_routes.h"

namespace runnel::stations {
namespace {

using http::ExchangeRef;
using http::Request;
using http::Response;

constexpr std::array<std::string_view, 3> kMethods{"GET", "POST", "PUT"};

std::string without_slash(std::string_view path) {
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return std::string(path);
}

Response problem_of(const RequestFault& fault) {
    return http::problem(fault.status, fault.type, fault.detail);
}

// A request as it is to be read, where it is not the one that was sent.
using RequestRef = std::shared_ptr<const Request>;

// The messages of one request, which is answered when all of them are.
struct Publication {
    api::LocalBroker& broker;
    ExchangeRef exchange;
    StationSetRef stations;  // Keeps the next one.
    const Station& station;
    size_t open = 0;
    std::optional<api::LocalPublished> refused;

    void answered(const api::LocalPublished& answer) {
        if (mqtt::is_error(answer.reason) && !refused) refused = answer;
        if (--open == 0) finish();
    }
    // What waits for the station stays there if nobody is left to have it.
    void finish() const {
        const auto inbox = station.inbox();
        if (refused) return exchange->answer(http::publish_problem(*refused));
        if (!inbox || !exchange->is_open()) return exchange->answer(station.answer());
        broker.take_inbox(*inbox, [&bridge = broker, of = *inbox, to = exchange, all = stations,
                                   &one = station](const auto& messages) {
            if (!to->is_open() && !messages.empty()) bridge.give_back_inbox(of);
            to->answer(one.answer(messages));
        });
    }
};

// What listens at one method and path: one station, or several that are told apart by what they require.
class Endpoint {
public:
    Endpoint(api::LocalBroker& broker, StationSetRef stations, StationHooks hooks)
        : broker_(broker), stations_(std::move(stations)), hooks_(std::move(hooks)) {}

    void add(const Station& station) { (station.has_credentials() ? known_ : open_).push_back(&station); }

    // `path_values`: what the names of the path stand for.
    void receive(const http::Gate& gate, const ExchangeRef& exchange, const RequestRef& request,
                 const std::vector<std::string>& path_values) const {
        if (exchange->request().method == "HEAD") return refuse_head(exchange);
        std::optional<RequestFault> fault;
        for (const Station* station : known_) {
            const auto values = read_values(station->config(), *request);
            if (!values)
                fault = values.error();
            else if (station->admits(*values, request->headers))
                return publish(*station, station->client(), exchange, *values, path_values);
        }
        if (fault) return reject(*known_.front(), exchange, problem_of(*fault));
        if (open_.empty()) return reject(*known_.front(), exchange, known_.front()->denial());
        gate.user([this, request, path_values](const ExchangeRef& admitted, const api::LocalClient& client) {
            receive_open(admitted, client, *request, path_values);
        })(exchange);
    }

private:
    static void refuse_head(const ExchangeRef& exchange) {
        Response response = http::problem(405, "method-not-allowed", "A station takes no HEAD.");
        response.headers.add("Allow", "GET");
        exchange->answer(response);
    }

    void reject(const Station& station, const ExchangeRef& exchange, const Response& response) const {
        hooks_.rejected(station);
        exchange->answer(response);
    }

    // Who has logged in publishes as that user, others as the station.
    void receive_open(const ExchangeRef& exchange, const api::LocalClient& client, const Request& request,
                      const std::vector<std::string>& path_values) const {
        const Station& station = *open_.front();
        const auto values = read_values(station.config(), request);
        if (!values) return reject(station, exchange, problem_of(values.error()));
        api::LocalClient publisher = station.client();
        if (!client.identity.anonymous) publisher.identity = client.identity;
        publish(station, publisher, exchange, *values, path_values);
    }

    void publish(const Station& station, const api::LocalClient& client, const ExchangeRef& exchange,
                 const RequestValues& values, const std::vector<std::string>& path_values) const {
        auto messages = station.map(values, path_values, hooks_.wall_now_ms());
        if (!messages) return reject(station, exchange, problem_of(messages.error()));
        hooks_.heard(station, exchange->caller().origin.address);
        const auto publication =
            std::make_shared<Publication>(Publication{broker_, exchange, stations_, station, messages->size(), {}});
        if (messages->empty()) return publication->finish();
        for (const api::LocalPublish& message : *messages)
            broker_.publish(client, message,
                            [publication](const api::LocalPublished& answer) { publication->answered(answer); });
    }

    api::LocalBroker& broker_;
    StationSetRef stations_;
    StationHooks hooks_;
    std::vector<const Station*> known_;  // By what they require.
    std::vector<const Station*> open_;   // One at most.
};

using EndpointRef = std::shared_ptr<Endpoint>;

// Paths below which a query may stand in the path: "/data/report/&a=1", "/data/report&a=1".
struct QueryInPath {
    std::string last;  // What stands in front of the "&".
    EndpointRef endpoint;
};

// The request with its query where it belongs.
RequestRef with_query(const Request& request) {
    Request made = request;
    const size_t begin = request.target.find('&');
    if (begin == std::string::npos || !http::read_pairs(std::string_view(request.target).substr(begin + 1), made.query))
        return nullptr;
    return std::make_shared<const Request>(std::move(made));
}

void receive_query_in_path(const http::Gate& gate, const std::vector<QueryInPath>& places,
                           const ExchangeRef& exchange) {
    std::vector<std::string> path_values = exchange->parameters();
    const std::string rest = path_values.back();
    path_values.pop_back();
    for (const QueryInPath& place : places) {
        if (!rest.starts_with(place.last + "&") || !exchange->request().query.empty()) continue;
        if (const RequestRef request = with_query(exchange->request()))
            return place.endpoint->receive(gate, exchange, request, path_values);
    }
    exchange->answer(http::problem(404, "not-found", "There is nothing at this path."));
}

RequestRef as_it_is(const ExchangeRef& exchange) {
    return {exchange, &exchange->request()};
}

}  // namespace

StationSetRef make_stations(const std::vector<api::StationConfig>& configs) {
    auto stations = std::make_shared<StationSet>();
    for (const api::StationConfig& config : configs)
        stations->emplace_back(config);
    return stations;
}

void add_station_routes(http::Routes& routes, const http::Gate& gate, api::LocalBroker& broker, StationSetRef stations,
                        const StationHooks& hooks) {
    std::map<std::pair<std::string, std::string>, EndpointRef> endpoints;
    std::map<std::pair<std::string, std::string>, std::vector<QueryInPath>> below;
    for (const Station& station : *stations) {
        if (auto inbox = station.inbox()) broker.open_inbox(*std::move(inbox));
        const std::string method(kMethods[static_cast<size_t>(station.config().method)]);
        const std::string path = without_slash(station.config().path);
        EndpointRef& endpoint = endpoints[{method, path}];
        if (!endpoint) endpoint = std::make_shared<Endpoint>(broker, stations, hooks);
        endpoint->add(station);
        if (!station.config().query_in_path) continue;
        const size_t slash = path.rfind('/');
        below[{method, path}].push_back({"", endpoint});
        below[{method, path.substr(0, slash)}].push_back({path.substr(slash + 1), endpoint});
    }
    for (const auto& [place, endpoint] : endpoints)
        for (const std::string& path : {place.second, place.second + "/"})
            routes.add(place.first, path, [&gate, endpoint = endpoint](const ExchangeRef& exchange) {
                endpoint->receive(gate, exchange, as_it_is(exchange), exchange->parameters());
            });
    // The longer ones first: the first path that fits counts.
    for (auto at = below.rbegin(); at != below.rend(); ++at)
        routes.add(at->first.first, at->first.second + "/{rest...}",
                   [&gate, places = at->second](const ExchangeRef& exchange) {
                       receive_query_in_path(gate, places, exchange);
                   });
}

}  // namespace runnel::stations

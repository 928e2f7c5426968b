// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridges/http/exchange.h"
#include "broker/api/identity.h"
#include "broker/api/stream_service.h"
#include "broker/api/upgrade.h"
#include "broker/base/time.h"

namespace runnel::http {

// Which handler answers which method and path. HEAD is answered as GET is, OPTIONS with the methods there are, another
// method with 405, another path with 404.
class Routes {
public:
    using Handler = std::function<void(const ExchangeRef&)>;

    // `pattern`: "/v1/clients/{id}"; a {name} stands for one segment, and "{name...}" at the end for the rest, with its
    // slashes.
    void add(std::string_view method, std::string_view pattern, Handler handler);
    // Requests with this media type are given out when their head has come; see Exchange::read_body_with.
    void add_streaming(std::string_view method, std::string_view pattern, std::string media_type, Handler handler);
    void dispatch(const ExchangeRef& exchange) const;
    bool streams_body(const Request& request) const;

    // The path where streams go on in another protocol.
    void add_upgrade(std::string path, std::shared_ptr<const api::UpgradeHandler> handler) {
        upgrade_path_ = std::move(path);
        upgrade_handler_ = std::move(handler);
    }
    bool is_upgrade(const Request& request) const {
        return upgrade_handler_ != nullptr && request.segments.size() == 1 && request.segments[0] == upgrade_path_ &&
               request.method == "GET";
    }
    const api::UpgradeHandler* upgrade_handler() const { return upgrade_handler_.get(); }

    // Who is asking for the upgrade, if the request shows it.
    using Identify = std::function<std::optional<api::Identity>(const Request&)>;
    void identify_with(Identify identify) { identify_ = std::move(identify); }
    std::optional<api::Identity> identity_of(const Request& request) const {
        return identify_ ? identify_(request) : std::nullopt;
    }

    // Asked before each request: 0 if it may be answered, else after how long one may.
    using Admit = std::function<Duration(const api::StreamOrigin&)>;
    void admit_with(Admit admit) { admit_ = std::move(admit); }
    Duration admit(const api::StreamOrigin& origin) const { return admit_ ? admit_(origin) : Duration{}; }

    // Pages of which other origins may use these paths: "https://plant.example"; "*" = all.
    void allow_origins(std::vector<std::string> origins) { origins_ = std::move(origins); }
    bool allows_origin(std::string_view origin) const;

    struct Route {
        std::string method;
        std::string pattern;
        std::vector<std::string> segments;
        Handler handler;
        std::string streamed_type;  // Empty: the body comes whole.
    };
    const std::vector<Route>& all() const { return routes_; }

    // Makes a handler of one that is only for those who may see and steer what belongs to others.
    using Guard = std::function<Handler(Handler)>;
    // Where whoever comes may do all of it.
    static Handler unguarded(Handler handler) { return handler; }

private:
    std::vector<Route> routes_;
    std::vector<std::string> origins_;
    Identify identify_;
    Admit admit_;
    std::string upgrade_path_;  // One segment.
    std::shared_ptr<const api::UpgradeHandler> upgrade_handler_;
};

}  // namespace runnel::http

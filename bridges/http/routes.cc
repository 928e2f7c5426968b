// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/routes.h"

#include <algorithm>
#include <optional>

namespace runnel::http {
namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> segments;
    path.remove_prefix(1);
    for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
        segments.emplace_back(path.substr(0, end));
        path.remove_prefix(end + 1);
    }
    segments.emplace_back(path);
    return segments;
}

bool takes_rest(const std::string& segment) {
    return segment.starts_with('{') && segment.ends_with("...}");
}

std::string joined(const std::vector<std::string>& segments, size_t from) {
    std::string text = segments[from];
    for (size_t i = from + 1; i < segments.size(); ++i)
        text.append("/").append(segments[i]);
    return text;
}

// What the {names} of the pattern stand for, or nothing if the path is another one.
std::optional<std::vector<std::string>> match(const std::vector<std::string>& pattern,
                                              const std::vector<std::string>& path) {
    std::vector<std::string> parameters;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (i >= path.size()) return std::nullopt;
        if (takes_rest(pattern[i])) {
            parameters.push_back(joined(path, i));
            return parameters;
        }
        const bool is_name = pattern[i].starts_with('{');
        if (is_name ? path[i].empty() : pattern[i] != path[i]) return std::nullopt;
        if (is_name) parameters.push_back(path[i]);
    }
    if (pattern.size() != path.size()) return std::nullopt;
    return parameters;
}

// Whether the Content-Type is this one, whatever its parameters.
bool has_type(const Request& request, std::string_view media_type) {
    const std::string* type = request.headers.find("Content-Type");
    if (type == nullptr) return false;
    std::string_view name = std::string_view(*type).substr(0, type->find(';'));
    while (name.ends_with(' '))
        name.remove_suffix(1);
    return equals_ignoring_case(name, media_type);
}

void refuse_method(const ExchangeRef& exchange, std::string allowed, bool wants_options) {
    Response response;
    if (wants_options) {
        response.status = 204;
    } else {
        response = problem(405, "method-not-allowed", "This path takes " + allowed + ".");
    }
    response.headers.add("Allow", std::move(allowed));
    exchange->answer(response);
}

}  // namespace

void Routes::add(std::string_view method, std::string_view pattern, Handler handler) {
    routes_.push_back({std::string(method), std::string(pattern), split(pattern), std::move(handler), {}});
}

void Routes::add_streaming(std::string_view method, std::string_view pattern, std::string media_type, Handler handler) {
    routes_.push_back(
        {std::string(method), std::string(pattern), split(pattern), std::move(handler), std::move(media_type)});
}

bool Routes::streams_body(const Request& request) const {
    const auto takes = [&](const Route& route) {
        return !route.streamed_type.empty() && route.method == request.method &&
               has_type(request, route.streamed_type) && match(route.segments, request.segments);
    };
    return std::ranges::any_of(routes_, takes);
}

bool Routes::allows_origin(std::string_view origin) const {
    return std::ranges::any_of(
        origins_, [&](const std::string& allowed) { return allowed == "*" || equals_ignoring_case(allowed, origin); });
}

void Routes::dispatch(const ExchangeRef& exchange) const {
    const Request& request = exchange->request();
    const std::string method = request.method == "HEAD" ? "GET" : request.method;
    std::string allowed;
    for (const Route& route : routes_) {
        auto parameters = match(route.segments, request.segments);
        if (!parameters) continue;
        if (route.method == method && (route.streamed_type.empty() || has_type(request, route.streamed_type))) {
            exchange->set_parameters(*std::move(parameters));
            return route.handler(exchange);
        }
        if (!route.streamed_type.empty()) continue;  // There is one of the same method beside it.
        allowed += route.method + (route.method == "GET" ? ", HEAD, " : ", ");
    }
    if (request.target == "*") allowed = "GET, HEAD, POST, ";
    if (allowed.empty()) return exchange->answer(problem(404, "not-found", "There is nothing at this path."));
    refuse_method(exchange, allowed + "OPTIONS", request.method == "OPTIONS");
}

}  // namespace runnel::http

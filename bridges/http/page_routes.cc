// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/page_routes.h"

#include <string>

#include "bridges/http/negotiation.h"

namespace runnel::http {
namespace {

// Two forms of a file have two tags: "1a2b" and "1a2b-gzip".
std::string tag_of_form(std::string_view entity_tag, bool is_gzip) {
    std::string tag(entity_tag);
    if (is_gzip) tag.insert(tag.size() - 1, "-gzip");
    return tag;
}

// What any file of the page is sent with, a 304 too.
void add_guards(Headers& headers, std::string_view content_security_policy) {
    headers.add("Content-Security-Policy", std::string(content_security_policy));
    headers.add("X-Content-Type-Options", "nosniff");
    headers.add("Referrer-Policy", "no-referrer");
    headers.add("Cross-Origin-Resource-Policy", "same-origin");
}

void answer_with_file(const ExchangeRef& exchange, const PageFile& file, std::string_view content_security_policy) {
    const Headers& asked = exchange->request().headers;
    const bool is_gzip = !file.bytes_gzip.empty() && accepts_gzip(asked);
    Response response;
    const std::string tag = tag_of_form(file.entity_tag, is_gzip);
    response.headers.add("ETag", tag);
    response.headers.add("Cache-Control", file.is_immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (!file.bytes_gzip.empty()) response.headers.add("Vary", "Accept-Encoding");
    add_guards(response.headers, content_security_policy);
    if (has_none_match(asked, tag)) {
        response.status = 304;
    } else {
        response.headers.add("Content-Type", std::string(file.content_type));
        if (is_gzip) response.headers.add("Content-Encoding", "gzip");
        response.body = is_gzip ? file.bytes_gzip : file.bytes;
    }
    exchange->answer(response);
}

Response list_of_paths(const Routes& routes) {
    Response response;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.headers.add("Cache-Control", "no-cache");
    add_guards(response.headers, "default-src 'none'; frame-ancestors 'none'");
    response.body =
        "This is Runnel, an MQTT broker. It was built without its dashboard. MQTT over WebSocket is at /mqtt, and "
        "HTTP\n"
        "programs find:\n\n";
    for (const Routes::Route& route : routes.all())
        response.body.append(route.method).append(" ").append(route.pattern).append("\n");
    return response;
}

}  // namespace

void add_page_routes(Routes& routes, const Page& page) {
    for (const PageFile& file : page.files) {
        routes.add("GET", file.path, [file, policy = page.content_security_policy](const ExchangeRef& exchange) {
            answer_with_file(exchange, file, policy);
        });
    }
    if (!page.files.empty()) return;
    routes.add("GET", "/", [&routes](const ExchangeRef& exchange) { exchange->answer(list_of_paths(routes)); });
}

}  // namespace runnel::http

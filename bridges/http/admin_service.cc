// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/admin_service.h"

#include <charconv>

#include "bridges/http/http_session.h"
#include "bridges/http/status_json.h"
#include "broker/base/json.h"
#include "broker/base/json_value.h"

namespace runnel::http {
namespace {

constexpr size_t kQueuesShown = 5;
constexpr size_t kQueuesMax = 1000;

Response backup_response(const api::BackupResult& result, const std::string& directory) {
    using Kind = api::BackupResult::Kind;
    switch (result.kind) {
        case Kind::Done: break;
        case Kind::NothingStored: return problem(409, "nothing-stored", result.text);
        case Kind::Exists: return problem(409, "exists", result.text);
        case Kind::Busy: return problem(409, "busy", result.text);
        case Kind::Failed: return problem(500, "backup-failed", result.text);
    }
    std::string body;
    {
        JsonObject object(body);
        object.text("directory", directory);
        object.number("bytes", result.bytes);
    }
    return json_response(200, body + "\n");
}

void back_up(api::Operations& operations, const ExchangeRef& exchange) {
    const auto body = JsonValue::parse(exchange->request().body);
    if (!body) return exchange->answer(problem(400, "malformed", "The body is not JSON."));
    const std::string directory = (*body)["directory"].text();
    if (!directory.starts_with('/'))
        return exchange->answer(problem(422, "directory", "\"directory\" must be an absolute path."));
    operations.back_up(directory, [exchange, directory](const api::BackupResult& result) {
        exchange->answer(backup_response(result, directory));
    });
}

void show_status(api::Operations& operations, const ExchangeRef& exchange) {
    size_t queues = kQueuesShown;
    if (const std::string* wanted = exchange->request().find_query("queues")) {
        const char* end = wanted->data() + wanted->size();
        const auto read = std::from_chars(wanted->data(), end, queues);
        if (wanted->empty() || read.ec != std::errc() || read.ptr != end || queues > kQueuesMax)
            return exchange->answer(problem(422, "queues", "\"queues\" must be a number from 0 to 1000."));
    }
    operations.status(queues, [exchange](const api::BrokerStatus& status) {
        Response response = json_response(200, status_json(status));
        response.headers.add("Cache-Control", "no-store");
        exchange->answer(response);
    });
}

}  // namespace

void add_admin_routes(Routes& routes, api::Operations& operations) {
    routes.add("GET", "/v1/status", [&operations](const ExchangeRef& exchange) { show_status(operations, exchange); });
    routes.add("POST", "/v1/backup", [&operations](const ExchangeRef& exchange) { back_up(operations, exchange); });
}

std::unique_ptr<api::StreamSession> AdminService::open(const api::StreamOrigin& origin) {
    return std::make_unique<HttpSession>(routes_, Limits{}, origin);
}

}  // namespace runnel::http

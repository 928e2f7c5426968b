// SPDX-License-Identifier: Apache-2.0
#include "bridges/http/admin_service.h"

#include <utility>

#include "bridges/http/client_routes.h"
#include "bridges/http/history_routes.h"
#include "bridges/http/http_session.h"
#include "bridges/http/status_routes.h"
#include "broker/base/json.h"
#include "broker/base/json_value.h"

namespace runnel::http {
namespace {

constexpr size_t kQueuesShown = 5;

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

}  // namespace

AdminService::AdminService(api::Operations& operations, const api::History* history,
                           std::function<int64_t()> wall_now_ms) {
    add_status_routes(routes_, operations, Routes::unguarded, kQueuesShown);
    routes_.add("POST", "/v1/backup", [&operations](const ExchangeRef& exchange) { back_up(operations, exchange); });
    add_client_routes(routes_, operations, Routes::unguarded);
    add_history_routes(routes_, history, std::move(wall_now_ms));
}

std::unique_ptr<api::StreamSession> AdminService::open(const api::StreamOrigin& origin) {
    return std::make_unique<HttpSession>(routes_, Limits{}, origin);
}

}  // namespace runnel::http

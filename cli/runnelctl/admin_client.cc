// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "bridges/http/parser.h"
#include "broker/base/json_value.h"

namespace runnel::ctl {
namespace {

constexpr size_t kAnswerMax = size_t{64} << 20;

class Connection {
public:
    Connection() : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    ~Connection() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    bool connect_to(const sockaddr_un& address) {
        return descriptor_ >= 0 &&
               connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool send_all(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t size = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) return false;
            bytes.remove_prefix(static_cast<size_t>(size));
        }
        return true;
    }
    // False: the sink has had enough.
    bool receive(http::Parser& parser, const BodySink& sink) {
        using State = http::Parser::State;
        std::array<char, 65536> bytes;
        while (parser.state() == State::Head || parser.state() == State::Body) {
            const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
            if (size < 0 && errno == EINTR) continue;
            if (size <= 0 || parser.body().size() > kAnswerMax) {
                parser.finish();
                return true;
            }
            parser.parse({bytes.data(), static_cast<size_t>(size)});
            if (!sink || parser.state() == State::Head || parser.status() != 200) continue;
            if (!sink(parser.body())) return false;
            parser.body().clear();
        }
        return true;
    }

private:
    int descriptor_;
};

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

AdminFailure cannot_connect(const std::string& path, int error) {
    if (error == ENOENT || error == ECONNREFUSED)
        return {
            "no broker answers on " + path + ": is it running, and with this data directory? (--data-dir, --socket)",
            kExitNoBroker};
    if (error == EACCES)
        return {"permission denied for " + path + ": only the user whom the broker runs as may use it", 1};
    return {"cannot connect to " + path + ": " + std::strerror(error), 1};
}

}  // namespace

void add_directory_option(CLI::App& command, BrokerPlace& place) {
    command.add_option("--data-dir", place.data_dir, "The data directory of the broker")
        ->type_name("DIR")
        ->capture_default_str();
}

void add_socket_option(CLI::App& command, BrokerPlace& place) {
    command
        .add_option("--socket", place.socket,
                    "The admin socket of the broker (default: admin.sock of the data directory)")
        ->type_name("PATH");
}

bool broker_listens(const BrokerPlace& place) {
    const auto address = address_of(place.socket_path());
    return address && Connection().connect_to(*address);
}

Result<AdminAnswer, AdminFailure> ask_broker(const BrokerPlace& place, const std::string& method,
                                             const std::string& path, const std::string& body, const BodySink& sink) {
    const std::string socket_path = place.socket_path();
    const auto address = address_of(socket_path);
    if (!address)
        return AdminFailure{socket_path + ": the path of a socket may have no more than " +
                            std::to_string(sizeof address->sun_path - 1) + " bytes"};
    Connection connection;
    if (!connection.connect_to(*address)) return cannot_connect(socket_path, errno);
    const std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body;
    http::Parser parser(http::Parser::Kind::Response);
    if (connection.send_all(request) && !connection.receive(parser, sink)) return AdminAnswer{parser.status(), {}};
    if (parser.state() != http::Parser::State::Complete)
        return AdminFailure{"the broker has closed the connection without an answer (did it stop?)"};
    return AdminAnswer{parser.status(), std::move(parser.body())};
}

std::string problem_text(const AdminAnswer& answer) {
    const auto body = JsonValue::parse(answer.body);
    std::string detail = body ? (*body)["detail"].text() : "";
    return detail.empty() ? "the broker answers with HTTP status " + std::to_string(answer.status) : detail;
}

}  // namespace runnel::ctl

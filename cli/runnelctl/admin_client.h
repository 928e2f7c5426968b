// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "broker/base/result.h"

namespace CLI {
class App;
}

namespace runnel::ctl {

constexpr int kExitNoBroker = 69;  // EX_UNAVAILABLE of sysexits.h.

// How a command finds the broker, or the files of one.
struct BrokerPlace {
    std::string data_dir = "runnel-data";
    std::string socket;  // Empty: admin.sock of the data directory.

    std::string socket_path() const { return socket.empty() ? data_dir + "/admin.sock" : socket; }
    std::string store_path() const { return data_dir + "/store"; }
};

void add_directory_option(CLI::App& command, BrokerPlace& place);
void add_socket_option(CLI::App& command, BrokerPlace& place);

struct AdminFailure {
    std::string text;
    int exit_code = 1;
};

struct AdminAnswer {
    int status = 0;
    std::string body;
};

// Whether a broker is there.
bool broker_listens(const BrokerPlace& place);

// Takes the body of an answer with status 200 as it comes. False: no more of it is wanted.
using BodySink = std::function<bool(std::string_view)>;

// Asks a running broker, and waits for the answer as long as the broker lives. With a sink the answer comes without the
// body that the sink was given.
Result<AdminAnswer, AdminFailure> ask_broker(const BrokerPlace& place, const std::string& method,
                                             const std::string& path, const std::string& body,
                                             const BodySink& sink = nullptr);

// What an answer with a status of 400 and more says.
std::string problem_text(const AdminAnswer& answer);

}  // namespace runnel::ctl

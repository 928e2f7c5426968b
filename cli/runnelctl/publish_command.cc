// SPDX-License-Identifier: Apache-2.0
// `runnelctl pub`.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "cli/runnelctl/arguments.h"
#include "cli/runnelctl/command.h"
#include "cli/runnelctl/publisher.h"

namespace runnel::ctl {

namespace {

struct Arguments {
    ClientArguments client;
    std::string topic;
    std::string message;
    std::string file;
    bool whole_input = false;
    bool input_lines = false;
    bool nothing = false;
    int qos = 0;
    bool retain = false;
    uint64_t repeat = 1;
    double repeat_delay = 0;
    uint16_t inflight_max = 20;
};

std::string contents_of(std::istream& stream, const std::string& name) {
    std::string contents{std::istreambuf_iterator<char>(stream), {}};
    if (stream.bad()) throw CLI::ValidationError("cannot read " + name);
    return contents;
}

std::string file_contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw CLI::ValidationError("cannot open '" + path + "': " + std::strerror(errno));
    return contents_of(file, "'" + path + "'");
}

std::string input_contents() {
    std::string contents;
    char piece[65536];
    for (ssize_t size; (size = read(STDIN_FILENO, piece, sizeof piece)) != 0;) {
        if (size < 0) throw CLI::ValidationError(std::string("cannot read standard input: ") + std::strerror(errno));
        contents.append(piece, static_cast<size_t>(size));
    }
    return contents;
}

std::string payload_of(const Arguments& arguments) {
    if (!arguments.file.empty()) return file_contents(arguments.file);
    return arguments.whole_input ? input_contents() : arguments.message;
}

void check_topic(const std::string& topic) {
    if (topic.size() > 65535 || !mqtt::is_valid_text(topic))
        throw CLI::ValidationError("the topic is not UTF-8 text of at most 65535 bytes");
    if (!mqtt::is_valid_topic_name(topic))
        throw CLI::ValidationError("invalid publish topic '" + topic + "': it is empty or holds '+' or '#'");
}

PublishOptions options_of(const Arguments& arguments) {
    PublishOptions options;
    options.client = client_options_of(arguments.client);
    check_topic(arguments.topic);
    options.client.inflight_max = arguments.inflight_max;
    options.topic = arguments.topic;
    options.payload = payload_of(arguments);
    options.takes_lines = arguments.input_lines;
    options.qos = static_cast<mqtt::QoS>(arguments.qos);
    options.retain = arguments.retain;
    options.repeat = arguments.repeat;
    options.repeat_delay = Duration{static_cast<int64_t>(arguments.repeat_delay * 1000)};
    if (options.payload.size() > mqtt::kPacketSizeMax - 200'000)
        throw CLI::ValidationError("the message is larger than MQTT allows (256 MiB with its properties)");
    return options;
}

int publish(const Arguments& arguments) {
    const PublishOptions options = options_of(arguments);
    const auto failure = Publisher(options).run();
    if (!failure) return 0;
    if (!options.client.quiet) print_error(failure->text);
    return failure->exit_code;
}

void add_message_options(CLI::App& command, Arguments& arguments) {
    auto* payload = command.add_option_group("Message", "What to publish; exactly one of these");
    payload->add_option("-m,--message", arguments.message, "This text")->type_name("TEXT");
    payload->add_option("-f,--file", arguments.file, "The contents of FILE")->type_name("FILE");
    payload->add_flag("-s,--stdin-file", arguments.whole_input, "All of standard input as one message");
    payload->add_flag("-l,--stdin-line", arguments.input_lines, "Every line of standard input as a message of its own");
    payload->add_flag("-n,--null-message", arguments.nothing, "A message of no bytes; with -r it clears the topic");
    payload->require_option(1);
}

}  // namespace

void add_pub_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("pub", "Publish messages");
    add_client_options(command, arguments->client);
    command.add_option("-t,--topic", arguments->topic, "Topic to publish to")->required()->type_name("TOPIC");
    add_message_options(command, *arguments);
    add_qos_option(command, "-q,--qos", arguments->qos, "Quality of Service");
    command.add_flag("-r,--retain", arguments->retain, "Retain the message");
    command.add_option("--repeat", arguments->repeat, "Publish the message N times")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command.add_option("--repeat-delay", arguments->repeat_delay, "Seconds from one message to the next")
        ->type_name("SECONDS")
        ->check(CLI::NonNegativeNumber);
    command
        .add_option("-M,--max-inflight", arguments->inflight_max,
                    "Messages of QoS 1 and 2 that may wait for their acknowledgement")
        ->check(CLI::PositiveNumber)
        ->type_name("N")
        ->capture_default_str();
    command.footer(
        "Example: runnelctl pub -t home/temperature -m 21.5 -q 1 -r\n"
        "Ends with 0 when every message of QoS 1 and 2 has been acknowledged. With -l a lost connection is made "
        "again.");
    command.callback([arguments, &exit_code] { exit_code = publish(*arguments); });
}

}  // namespace runnel::ctl

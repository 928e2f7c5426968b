// SPDX-License-Identifier: Apache-2.0
// `runnelctl sub`.
#include <CLI/CLI.hpp>
#include <memory>

#include "broker/mqtt/text.h"
#include "broker/mqtt/topic.h"
#include "cli/runnelctl/arguments.h"
#include "cli/runnelctl/command.h"
#include "cli/runnelctl/subscriber.h"

namespace runnel::ctl {

namespace {

struct Arguments {
    ClientArguments client;
    std::vector<std::string> filters;
    std::vector<std::string> filtered_out;
    std::vector<std::string> unsubscribed;
    int qos = 0;
    bool no_local = false;
    bool retain_as_published = false;
    int retain_handling = 0;
    bool no_retained = false;
    bool retained_only = false;
    bool verbose = false;
    bool no_newline = false;
    bool json = false;
    std::string format;
    uint64_t count = 0;
    double timeout = 0;
    bool exit_when_subscribed = false;
    bool no_reconnect = false;
};

void check_filters(const std::vector<std::string>& filters, const char* kind) {
    for (const std::string& filter : filters)
        if (filter.size() > 65535 || !mqtt::is_valid_text(filter) || !mqtt::parse_filter(filter))
            throw CLI::ValidationError(std::string("invalid ") + kind + " '" + filter +
                                       "', are all '+' and '#' wildcards correct?");
}

std::optional<OutputFormat> format_of(const Arguments& arguments) {
    if (!arguments.json && arguments.format.empty()) return std::nullopt;
    auto format = OutputFormat::parse(arguments.json ? "%j" : arguments.format);
    if (!format) throw CLI::ValidationError(format.error());
    return *format;
}

mqtt::SubscriptionOptions subscription_options_of(const Arguments& arguments) {
    mqtt::SubscriptionOptions options;
    options.qos = static_cast<mqtt::QoS>(arguments.qos);
    options.no_local = arguments.no_local;
    options.retain_as_published = arguments.retain_as_published;
    options.retain_handling = static_cast<mqtt::RetainHandling>(arguments.retain_handling);
    return options;
}

SubscribeOptions options_of(const Arguments& arguments) {
    SubscribeOptions options;
    options.client = client_options_of(arguments.client);
    if (arguments.filters.empty() && arguments.unsubscribed.empty())
        throw CLI::ValidationError("a topic to subscribe to is needed (-t)");
    check_filters(arguments.filters, "subscription topic");
    check_filters(arguments.filtered_out, "filter");
    check_filters(arguments.unsubscribed, "unsubscribe topic");
    const bool needs_v5 = arguments.no_local || arguments.retain_as_published || arguments.retain_handling != 0;
    if (needs_v5 && options.client.version != mqtt::ProtocolVersion::V5)
        throw CLI::ValidationError("--no-local, --retain-as-published and --retain-handling need MQTT 5");
    options.filters = arguments.filters;
    options.filtered_out = arguments.filtered_out;
    options.unsubscribed = arguments.unsubscribed;
    options.subscription = subscription_options_of(arguments);
    options.skips_retained = arguments.no_retained;
    options.retained_only = arguments.retained_only;
    options.verbose = arguments.verbose;
    options.ends_lines = !arguments.no_newline;
    options.format = format_of(arguments);
    options.count = arguments.count;
    if (arguments.timeout > 0) options.timeout = Duration{static_cast<int64_t>(arguments.timeout * 1000)};
    options.exits_when_subscribed = arguments.exit_when_subscribed;
    options.reconnects = !arguments.no_reconnect;
    return options;
}

int subscribe(const Arguments& arguments) {
    const SubscribeOptions options = options_of(arguments);
    const auto failure = Subscriber(options).run();
    if (!failure) return 0;
    if (!options.client.quiet) print_error(failure->text);
    return failure->exit_code;
}

void add_subscription_options(CLI::App& command, Arguments& arguments) {
    const auto add_filters = [&](const char* name, std::vector<std::string>& filters, const char* text) {
        command.add_option(name, filters, text)
            ->type_name("FILTER")
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->allow_extra_args(false);
    };
    add_filters("-t,--topic", arguments.filters, "Topic filter to subscribe to; repeatable");
    add_filters("-T,--filter-out", arguments.filtered_out, "Print no messages whose topic matches this; repeatable");
    add_filters("-U,--unsubscribe", arguments.unsubscribed,
                "Take this subscription out of a session that was kept; repeatable");
    add_qos_option(command, "-q,--qos", arguments.qos, "Highest Quality of Service wanted");
    command.add_flag("--no-local", arguments.no_local, "Want no messages of this same client id (MQTT 5)");
    command.add_flag("--retain-as-published", arguments.retain_as_published,
                     "Want the retain flag as the publisher set it (MQTT 5)");
    command
        .add_option("--retain-handling", arguments.retain_handling,
                    "Want Retained Messages 0: always, 1: if the subscription is new, 2: never (MQTT 5)")
        ->check(CLI::Range(0, 2).description(""))
        ->type_name("0|1|2");
}

void add_output_options(CLI::App& command, Arguments& arguments) {
    auto* no_retained = command.add_flag("-R", arguments.no_retained, "Print no Retained Messages");
    command
        .add_flag("--retained-only", arguments.retained_only,
                  "Print Retained Messages only; end at the first other one")
        ->excludes(no_retained);
    command.add_flag("-v,--verbose", arguments.verbose, "Print the topic before the payload");
    command.add_flag("-N", arguments.no_newline, "Print no newline after a message");
    auto* format = command.add_option("-F,--format", arguments.format, "Print messages by this format, see below");
    format->type_name("FORMAT");
    command.add_flag("--json", arguments.json, "Print every message as one line of JSON; the same as -F %j")
        ->excludes(format);
    command.add_option("-C", arguments.count, "End after this many messages")->type_name("COUNT");
    command.add_option("-W", arguments.timeout, "End after this many seconds, with exit code 27")
        ->type_name("SECONDS")
        ->check(CLI::NonNegativeNumber);
    command.add_flag("-E", arguments.exit_when_subscribed, "End when the broker has acknowledged every subscription");
    command.add_flag("--no-reconnect", arguments.no_reconnect, "End when the connection is lost");
}

constexpr const char* kFormatText = R"(Formats:
  %t topic            %p payload          %x %X payload in hexadecimal   %l payload length
  %q QoS              %r retain flag      %m Packet Identifier           %% percent sign
  %A Topic Alias      %C Content Type     %D Correlation Data            %E Message Expiry Interval
  %F Payload Format   %P User Properties  %R Response Topic              %S Subscription Identifiers
  %I date and time    %U Unix time        %j JSON, payload as a string   %J JSON, payload as JSON
  %10t, %-10t, %010l and %.10t set the width; @Y, @H ... are those of strftime, @N is nanoseconds, @@ is @;
  \n \t \r \0 \a \e \v \\ as in C.
In %j a payload that is not UTF-8 is base64 in payload_base64. %J skips payloads that are not JSON, with an error.
Example: runnelctl sub -t 'home/#' -v
A lost connection is made again, unless the broker said that it is no use.)";

}  // namespace

void add_sub_command(CLI::App& program, int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *program.add_subcommand("sub", "Subscribe, and print the messages that come");
    add_client_options(command, arguments->client);
    add_subscription_options(command, *arguments);
    add_output_options(command, *arguments);
    command.footer(kFormatText);
    command.callback([arguments, &exit_code] { exit_code = subscribe(*arguments); });
}

}  // namespace runnel::ctl

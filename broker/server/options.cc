// SPDX-License-Identifier: Apache-2.0
#include "broker/server/options.h"

#include <array>
#include <type_traits>

namespace runnel::server {
namespace {

using shard::Settings;

constexpr int64_t kSecond = 1'000;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kUint32Max = std::numeric_limits<uint32_t>::max();
constexpr int64_t kUint16Max = std::numeric_limits<uint16_t>::max();
constexpr int64_t kPacketSizeMax = 268'435'460;  // The largest Remaining Length and its header (section 2.1.4).
constexpr int64_t kBytesMax = 1LL << 50;
constexpr uint32_t kSecondsNever = 0xFFFF'FFFF;

constexpr std::array<std::string_view, 3> kWhenFull{"drop-oldest", "drop-newest", "disconnect"};
constexpr std::array<std::string_view, 6> kShareStrategies{"round-robin", "random",     "least-inflight",
                                                           "hash-client", "hash-topic", "sticky"};
constexpr std::array<std::string_view, 3> kListenerProtocols{"mqtt", "http", "auto"};
constexpr std::array<std::string_view, 2> kStorageEngines{"rocksdb", "memory"};
constexpr std::array<std::string_view, 3> kDurabilities{"memory", "written", "synced"};
constexpr std::array<std::string_view, 3> kAnonymousPolicies{"never", "loopback", "always"};
constexpr std::array<std::string_view, 5> kLogLevels{"error", "warning", "info", "debug", "packets"};
constexpr std::array<std::string_view, 2> kLogFormats{"text", "json"};
constexpr std::array<std::string_view, 3> kStationMethods{"GET", "POST", "PUT"};
constexpr std::array<std::string_view, 4> kStationBodies{"none", "form", "json", "csv"};

// The field at the end of a path of members: field<&Config::log, &LogConfig::level>(config).
template <auto kFirst, auto... kRest>
constexpr auto& field(auto& object) {
    if constexpr (sizeof...(kRest) == 0)
        return object.*kFirst;
    else
        return field<kRest...>(object.*kFirst);
}

template <class Owner, class Member>
Owner owner_of(Member Owner::*);

template <auto... kPath>
struct PathOwner;
template <auto kFirst, auto... kRest>
struct PathOwner<kFirst, kRest...> {
    using Type = decltype(owner_of(kFirst));
};
template <auto... kPath>
using OwnerOf = typename PathOwner<kPath...>::Type;

template <class Field>
OptionValue to_value(const Field& field) {
    if constexpr (std::is_same_v<Field, Duration>)
        return field.ms;
    else if constexpr (std::is_same_v<Field, bool> || std::is_same_v<Field, double> || std::is_class_v<Field>)
        return field;
    else
        return static_cast<int64_t>(field);
}

template <class Field>
void from_value(Field& field, OptionValue value) {
    if constexpr (std::is_same_v<Field, Duration>)
        field.ms = std::get<int64_t>(value);
    else if constexpr (std::is_same_v<Field, bool> || std::is_same_v<Field, double> || std::is_class_v<Field>)
        field = std::get<Field>(std::move(value));
    else
        field = static_cast<Field>(std::get<int64_t>(value));
}

template <auto... kPath>
constexpr auto row(OptionShape shape) {
    using Target = OwnerOf<kPath...>;
    return Option<Target>{
        shape, [](const Target& target) { return to_value(field<kPath...>(target)); },
        [](Target& target, OptionValue value) { from_value(field<kPath...>(target), std::move(value)); }};
}

template <auto... kPath>
constexpr auto boolean(std::string_view key, std::string_view help) {
    return row<kPath...>({.key = key, .kind = OptionKind::Boolean, .help = help, .choices = {}});
}

template <auto... kPath>
constexpr auto integer(std::string_view key, int64_t min, int64_t max, std::string_view help) {
    return row<kPath...>(
        {.key = key, .kind = OptionKind::Integer, .help = help, .min = min, .max = max, .choices = {}});
}

template <auto... kPath>
constexpr auto duration(std::string_view key, int64_t min, int64_t max, std::string_view help) {
    return row<kPath...>(
        {.key = key, .kind = OptionKind::Duration, .help = help, .min = min, .max = max, .choices = {}});
}

template <auto... kPath>
constexpr auto size(std::string_view key, int64_t min, int64_t max, std::string_view help) {
    return row<kPath...>({.key = key, .kind = OptionKind::Size, .help = help, .min = min, .max = max, .choices = {}});
}

template <auto... kPath>
constexpr auto plain_size(std::string_view key, int64_t min, int64_t max, std::string_view help) {
    return row<kPath...>(
        {.key = key, .kind = OptionKind::PlainSize, .help = help, .min = min, .max = max, .choices = {}});
}

template <auto... kPath>
constexpr auto text(std::string_view key, int64_t length_min, std::string_view help) {
    return row<kPath...>(
        {.key = key, .kind = OptionKind::Text, .help = help, .min = length_min, .max = kUint16Max, .choices = {}});
}

template <auto... kPath>
constexpr auto one_of(std::string_view key, std::span<const std::string_view> choices, std::string_view help) {
    return row<kPath...>({.key = key, .kind = OptionKind::OneOf, .help = help, .choices = choices});
}

template <auto... kPath>
constexpr auto text_list(std::string_view key, std::string_view help) {
    return row<kPath...>({.key = key, .kind = OptionKind::TextList, .help = help, .choices = {}});
}

template <auto... kPath>
constexpr auto number(std::string_view key, std::string_view help) {
    return row<kPath...>({.key = key, .kind = OptionKind::Number, .help = help, .choices = {}});
}

// A field of whole seconds in which 0xFFFFFFFF stands for never.
template <auto... kPath>
constexpr auto seconds_or_never(std::string_view key, int64_t max, std::string_view help) {
    using Target = OwnerOf<kPath...>;
    return Option<Target>{
        {.key = key, .kind = OptionKind::DurationOrNever, .help = help, .min = 0, .max = max, .choices = {}},
        [](const Target& target) -> OptionValue {
            const uint32_t seconds = field<kPath...>(target);
            return seconds == kSecondsNever ? kNever : seconds * kSecond;
        },
        [](Target& target, OptionValue value) {
            const int64_t ms = std::get<int64_t>(value);
            field<kPath...>(target) = ms == kNever ? kSecondsNever : static_cast<uint32_t>(ms / kSecond);
        }};
}

constexpr auto kSettings = &Config::settings;

// clang-format off
constexpr std::array kBrokerOptions{
    integer<&Config::loops>("broker.loops", 0, 64, "Event loops; 0 = one per core."),
    integer<&Config::max_connections>("broker.max_connections", 0, kUint32Max,
        "Connections at the same time in the whole broker; 0 = no limit."),
    duration<&Config::sys_interval>("broker.sys_interval", 0, kDay,
        "How often the $SYS topics are published; \"0s\" = never."),
    text<&Config::data_dir>("broker.data_dir", 1, "The folder for what the broker keeps."),

    plain_size<kSettings, &Settings::max_packet_size>("mqtt.max_packet_size", 16, kPacketSizeMax,
        "The largest packet that a client may send."),
    size<kSettings, &Settings::connect_packet_size_max>("mqtt.connect_packet_size_max", 64, kPacketSizeMax,
        "The largest CONNECT, which comes before anybody has logged in."),
    integer<kSettings, &Settings::receive_maximum>("mqtt.receive_maximum", 1, kUint16Max,
        "QoS 1 and 2 messages in flight from one client."),
    integer<kSettings, &Settings::max_inflight>("mqtt.max_inflight", 1, kUint16Max,
        "QoS 1 and 2 messages in flight towards one client; its own Receive Maximum lowers it."),
    integer<kSettings, &Settings::topic_alias_maximum>("mqtt.topic_alias_maximum", 0, kUint16Max,
        "Topic Aliases of one client, in each direction."),
    size<kSettings, &Settings::topic_alias_bytes_max>("mqtt.topic_alias_bytes_max", 256, kUint32Max,
        "Bytes of Topic Names kept for the Topic Aliases of one client."),
    integer<kSettings, &Settings::max_qos>("mqtt.max_qos", 0, 2, "The highest QoS that clients may publish with."),
    boolean<kSettings, &Settings::retain_available>("mqtt.retain_available", "Whether Retained Messages are allowed."),
    boolean<kSettings, &Settings::wildcard_subscription_available>("mqtt.wildcard_subscription_available",
        "Whether Topic Filters may hold wildcards."),
    boolean<kSettings, &Settings::shared_subscription_available>("mqtt.shared_subscription_available",
        "Whether $share/ subscriptions are allowed."),
    integer<kSettings, &Settings::server_keep_alive>("mqtt.server_keep_alive", 0, kUint16Max,
        "Keep Alive in seconds that every client gets; 0 = its own."),
    integer<kSettings, &Settings::max_keep_alive>("mqtt.max_keep_alive", 0, kUint16Max,
        "The longest Keep Alive in seconds; 0 = no limit."),
    integer<kSettings, &Settings::max_topic_levels>("mqtt.max_topic_levels", 1, kUint16Max,
        "Levels of a Topic Name or Topic Filter."),
    integer<kSettings, &Settings::max_user_properties>("mqtt.max_user_properties", 0, kUint16Max,
        "User Properties in one packet."),
    integer<kSettings, &Settings::max_subscriptions_per_session>("mqtt.max_subscriptions_per_session", 0, kUint32Max,
        "Subscriptions of one client; 0 = no limit."),
    boolean<kSettings, &Settings::check_payload_format>("mqtt.check_payload_format",
        "Whether payloads that are said to be UTF-8 are checked."),
    text<kSettings, &Settings::response_information>("mqtt.response_information", 0,
        "Response Information for clients that ask for it; empty = none."),
    duration<kSettings, &Settings::connect_timeout>("mqtt.connect_timeout", 10, kHour,
        "From accepting a connection to its complete CONNECT."),
    size<kSettings, &Settings::output_bytes_max>("mqtt.output_bytes_max", 1'024, 1LL << 30,
        "Bytes that may wait for the socket of one client; further messages wait in its queue."),

    seconds_or_never<kSettings, &Settings::max_expiry_seconds>("session.max_expiry", 49'710 * kDay,
        "Session Expiry Intervals are cut to this; MQTT 3 clients without Clean Session get it."),
    integer<kSettings, &Settings::max_sessions>("session.max_sessions", 0, kUint32Max,
        "Sessions in the whole broker; 0 = no limit."),
    integer<kSettings, &Settings::max_queued_messages>("session.max_queued_messages", 0, kUint32Max,
        "Messages that wait for one client; 0 = no limit."),
    size<kSettings, &Settings::max_queued_bytes>("session.max_queued_bytes", 0, kBytesMax,
        "Bytes that wait for one client; 0 = no limit."),
    one_of<kSettings, &Settings::when_full>("session.when_full", kWhenFull,
        "What a full queue does with one more message."),
    one_of<kSettings, &Settings::share_strategy>("session.share_strategy", kShareStrategies,
        "Which member of a shared subscription gets a message."),

    integer<kSettings, &Settings::max_retained_messages>("retained.max_messages", 1, kBytesMax,
        "Retained Messages in the whole broker."),
    size<kSettings, &Settings::max_retained_bytes>("retained.max_bytes", 1'024, kBytesMax,
        "Bytes of Retained Messages in the whole broker."),

    one_of<&Config::storage, &StorageConfig::engine>("storage.engine", kStorageEngines,
        "Where Sessions and Retained Messages are kept; memory = nowhere but in memory."),
    one_of<kSettings, &Settings::durability>("storage.durability", kDurabilities,
        "What an acknowledgement promises: synced = survives a loss of power, written = a crash of the broker, memory = neither."),
    size<&Config::storage, &StorageConfig::max_bytes>("storage.max_bytes", 0, kBytesMax,
        "Bytes on disk after which nothing new is accepted that would have to be stored; 0 = no limit."),

    one_of<&Config::auth, &AuthConfig::anonymous>("auth.anonymous", kAnonymousPolicies,
        "Who may connect without a user name; loopback = clients on this machine."),
    text<&Config::auth, &AuthConfig::password_file>("auth.password_file", 0,
        "Users and their password hashes, as `runnelctl passwd` writes them; empty = none."),

    text_list<&Config::websocket_origins>("websocket.origins",
        "Origins of pages that may connect besides those of the same host, as browsers name them: \"https://plant.example\"; \"*\" = all."),

    text_list<&Config::http_origins>("http.origins",
        "Origins of pages that may use the HTTP API besides those of the same host, as browsers name them: \"https://plant.example\"; \"*\" = all."),
    integer<&Config::http_requests_max>("http.max_requests_per_second", 0, 1'000'000,
        "Requests of one host in a second, after which they are answered with 429; 0 = no limit."),

    one_of<&Config::log, &LogConfig::level>("log.level", kLogLevels, "The least important lines that are written."),
    one_of<&Config::log, &LogConfig::format>("log.format", kLogFormats, "How lines are written to standard error."),
};

constexpr std::array kListenerOptions{
    one_of<&ListenerConfig::protocol>("listener.protocol", kListenerProtocols,
        "What is spoken; http = the HTTP bridge, and MQTT over WebSocket at /mqtt; auto = told by the first bytes."),
    text<&ListenerConfig::address>("listener.address", 1,
        "host:port, [IPv6 address]:port or unix:/path; port 0 = any free one."),
    integer<&ListenerConfig::max_connections>("listener.max_connections", 0, kUint32Max,
        "Connections at the same time on this listener; 0 = no limit."),
};

constexpr std::array kAccessOptions{
    text<&auth::AccessRule::user>("access.user", 1,
        "Users it is for, * stands for any text; absent = everyone."),
    text<&auth::AccessRule::client>("access.client", 1,
        "Client Identifiers it is for, * stands for any text; absent = everyone."),
    text_list<&auth::AccessRule::publish>("access.publish",
        "Topic Filters; %u stands for the user name, %c for the Client Identifier."),
    text_list<&auth::AccessRule::subscribe>("access.subscribe", "Topic Filters that subscriptions must lie within."),
    text_list<&auth::AccessRule::deny>("access.deny", "Topic Filters denied for both; looked at before the others."),
    boolean<&auth::AccessRule::admin>("access.admin", "Whether it allows administration."),
};

constexpr std::array kHistoryOptions{
    text<&history::Rule::filter>("history.filter", 1, "Topic Filter of the messages that are kept."),
    duration<&history::Rule::keep>("history.keep", kSecond, 36'500 * kDay, "How long messages are kept."),
    size<&history::Rule::max_bytes>("history.max_bytes", 0, kBytesMax,
        "Bytes of messages above which the oldest go; 0 = no limit."),
    text<&history::Rule::value>("history.value", 0,
        "JSON pointer to the number in the payload, such as \"/temperature\"; empty = the payload itself, if it is one."),
    duration<&history::Rule::keep_buckets>("history.keep_buckets", kSecond, 36'500 * kDay,
        "How long count, min, max, mean and last of the numbers are kept, for every 10 s, minute and hour."),
};

constexpr std::array kDurabilityRuleOptions{
    text<&shard::DurabilityRule::filter>("storage.rule.filter", 1, "Topic Filter of the messages it is for."),
    one_of<&shard::DurabilityRule::durability>("storage.rule.durability", kDurabilities,
        "What their acknowledgement promises, instead of storage.durability."),
};

constexpr std::array kStationOptions{
    text<&api::StationConfig::name>("http.station.name", 1,
        "Its name: {station} in topics, and the user name and Client Identifier that it publishes with."),
    text<&api::StationConfig::preset>("http.station.preset", 0,
        "What the keys below are set to at first: \"ecowitt\", \"wunderground\", \"ambient\" or \"sensor-community\"; empty = their defaults."),
    one_of<&api::StationConfig::method>("http.station.method", kStationMethods, "The method of its requests."),
    text<&api::StationConfig::path>("http.station.path", 0,
        "Their path; {name} stands for one segment, which topics may use."),
    boolean<&api::StationConfig::query_in_path>("http.station.query_in_path",
        "Whether /path&a=1, as some firmware has it, is taken as /path?a=1."),
    one_of<&api::StationConfig::body>("http.station.body", kStationBodies,
        "What the body is; the values of the query are read in any case."),
    text_list<&api::StationConfig::csv_columns>("http.station.csv_columns", "The names of the values of a CSV line."),
    text<&api::StationConfig::csv_separator>("http.station.csv_separator", 1, "What stands between them."),
    text<&api::StationConfig::json_list>("http.station.json_list", 0,
        "JSON pointer to a list of named values, such as \"/sensordatavalues\"; empty = every value has its JSON pointer as name."),
    text<&api::StationConfig::json_list_name>("http.station.json_list_name", 1, "The member with the name, in an element of that list."),
    text<&api::StationConfig::json_list_value>("http.station.json_list_value", 1, "The member with the value."),
    text<&api::StationConfig::topic>("http.station.topic", 0,
        "In front of all topics; {station}, {names} of the path and {values} of the request may stand in it."),
    text<&api::StationConfig::reading>("http.station.reading", 0,
        "The topic below it for the whole reading as one JSON object; empty = none."),
    boolean<&api::StationConfig::keep_unmapped>("http.station.keep_unmapped",
        "Whether values without a [[http.station.field]] are in the reading, as they came."),
    integer<&api::StationConfig::qos>("http.station.qos", 0, 2, "QoS of the messages."),
    boolean<&api::StationConfig::retain>("http.station.retain", "Whether they are retained."),
    text<&api::StationConfig::time>("http.station.time", 0,
        "The value with the time of the reading in UTC, which becomes the User Property \"time\"; empty = the time of arrival."),
    text_list<&api::StationConfig::missing>("http.station.missing", "What stands for a value that is not there."),
    text_list<&api::StationConfig::secrets>("http.station.secrets", "Values that are never published or shown."),
    text_list<&api::StationConfig::require>("http.station.require",
        "\"field=value\": what a request must hold to be taken; otherwise a login is asked for as by the rest of the HTTP bridge."),
    integer<&api::StationConfig::answer_status>("http.station.answer_status", 200, 299, "The status it is answered with."),
    text<&api::StationConfig::answer_type>("http.station.answer_type", 0, "The Content-Type of the answer."),
    text<&api::StationConfig::answer_body>("http.station.answer_body", 0,
        "The body of the answer; {inbox} in it stands for the messages of the inbox, a JSON array, which is the whole answer if this is empty."),
    text<&api::StationConfig::denied_body>("http.station.denied_body", 0,
        "The text with which a request that does not hold what `require` says is refused; empty = a problem as JSON."),
    text<&api::StationConfig::inbox>("http.station.inbox", 0,
        "Topic Filter of messages to the station, {station} being its name: those of QoS 1 and 2 wait, and are in the answer to its next request; empty = none."),
    integer<&api::StationConfig::inbox_max>("http.station.inbox_max", 1, 1000, "How many of them one answer may have."),
    duration<&api::StationConfig::silent_after>("http.station.silent_after", 0, 365 * kDay,
        "After how long without a request \"offline\" is published; \"0s\" = never."),
    text<&api::StationConfig::status_topic>("http.station.status_topic", 1,
        "The topic below `topic` for \"online\" and \"offline\", which are retained."),
};

constexpr std::array kStationFieldOptions{
    text<&api::StationField::from>("http.station.field.from", 1,
        "The name of a value; {n} in it stands for a number. One that the preset has already changes that one."),
    text<&api::StationField::topic>("http.station.field.topic", 0,
        "The topic below that of the station; empty = only in the reading."),
    text<&api::StationField::name>("http.station.field.name", 0,
        "Its name in the reading; empty = the topic with _ for /."),
    text<&api::StationField::convert>("http.station.field.convert", 0,
        "Units, such as \"fahrenheit->celsius\"; empty = as it came."),
    number<&api::StationField::scale>("http.station.field.scale", "What the number is multiplied with then."),
    number<&api::StationField::offset>("http.station.field.offset", "What is added then."),
    integer<&api::StationField::decimals>("http.station.field.decimals", 0, 9,
        "Digits behind the point of what was converted or scaled; zeros at the end are left out."),
    text<&api::StationField::payload>("http.station.field.payload", 1,
        "The payload; {value}, {time}, {station} and other {values} may stand in it, {{ and }} are braces."),
};

constexpr std::array kSections{
    Section{"broker", false, "The broker as a whole."},
    Section{"listener", true, "Where clients connect. Without any listener: mqtt on 127.0.0.1:1883 and http on 127.0.0.1:8080."},
    Section{"mqtt", false, "The protocol and its limits."},
    Section{"session", false, "What is kept for clients."},
    Section{"retained", false, "Retained Messages."},
    Section{"storage", false, "What survives the end of the broker. It lies in the folder store of broker.data_dir."},
    Section{"storage.rule", true,
        "Messages that are more or less precious than others. The first rule whose filter matches a message counts."},
    Section{"auth", false, "Who clients are."},
    Section{"access", true,
        "Who may do what. The first rule that decides wins; with any rule present the default is deny."},
    Section{"history", true,
        "Which messages are kept for queries and replay. The first rule whose filter matches counts. Needs a store."},
    Section{"websocket", false, "MQTT over WebSocket, at /mqtt of listeners for http."},
    Section{"http", false, "The HTTP bridge, on listeners for http."},
    Section{"http.station", true,
        "Devices that speak only HTTP: which of their requests become which messages."},
    Section{"http.station.field", true,
        "Of the station above: one value that is published on a topic of its own."},
    Section{"log", false, "The log."},
};

constexpr std::array kLaterKeys{
    LaterKey{"listener.tls", "", "this version does not have it yet: it speaks no TLS"},
    LaterKey{"listener.proxy_protocol", "false", "this version does not have it yet: it reads no PROXY header"},
    LaterKey{"auth.acl_file", "\"\"", "this version does not have it yet: write [[access]] rules"},
};
// clang-format on

}  // namespace

std::span<const Option<Config>> broker_options() {
    return kBrokerOptions;
}
std::span<const Option<ListenerConfig>> listener_options() {
    return kListenerOptions;
}
std::span<const Option<auth::AccessRule>> access_options() {
    return kAccessOptions;
}
std::span<const Option<history::Rule>> history_options() {
    return kHistoryOptions;
}
std::span<const Option<shard::DurabilityRule>> durability_rule_options() {
    return kDurabilityRuleOptions;
}
std::span<const Option<api::StationConfig>> station_options() {
    return kStationOptions;
}
std::span<const Option<api::StationField>> station_field_options() {
    return kStationFieldOptions;
}
std::span<const Section> sections() {
    return kSections;
}
std::span<const LaterKey> later_keys() {
    return kLaterKeys;
}

std::vector<const OptionShape*> all_shapes() {
    std::vector<const OptionShape*> shapes;
    shapes.reserve(kBrokerOptions.size() + kListenerOptions.size() + kAccessOptions.size() + kHistoryOptions.size() +
                   kDurabilityRuleOptions.size() + kStationOptions.size() + kStationFieldOptions.size());
    for (const auto& option : kBrokerOptions)
        shapes.push_back(&option.shape);
    for (const auto& option : kListenerOptions)
        shapes.push_back(&option.shape);
    for (const auto& option : kAccessOptions)
        shapes.push_back(&option.shape);
    for (const auto& option : kHistoryOptions)
        shapes.push_back(&option.shape);
    for (const auto& option : kDurabilityRuleOptions)
        shapes.push_back(&option.shape);
    for (const auto& option : kStationOptions)
        shapes.push_back(&option.shape);
    for (const auto& option : kStationFieldOptions)
        shapes.push_back(&option.shape);
    return shapes;
}

}  // namespace runnel::server

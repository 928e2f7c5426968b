// SPDX-License-Identifier: Apache-2.0
// `runnelctl store`: check, stats and repair, for the store of a broker that does not run.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>

#include "broker/history/keys.h"
#include "broker/session/stored_keys.h"
#include "cli/runnelctl/admin_client.h"
#include "cli/runnelctl/command.h"
#include "cli/runnelctl/status_text.h"
#include "storage/rocksdb_store.h"

namespace runnel::ctl {
namespace {

using history::KeyKind;
using session::StoredKind;

struct Arguments {
    BrokerPlace place;
    std::string store;

    std::string path() const { return store.empty() ? place.store_path() : store; }
};

struct KindName {
    char letter;
    std::string_view name;
};

constexpr KindName kKindNames[] = {
    {static_cast<char>(StoredKind::Format), "format"},
    {static_cast<char>(StoredKind::Session), "Sessions"},
    {static_cast<char>(StoredKind::Subscription), "subscriptions"},
    {static_cast<char>(StoredKind::Window), "windows (messages in flight)"},
    {static_cast<char>(StoredKind::Deliveries), "queues (messages of one turn each)"},
    {static_cast<char>(StoredKind::EndedQueue), "queues of ended Sessions, for other members of groups"},
    {static_cast<char>(StoredKind::Retained), "Retained Messages"},
    {static_cast<char>(StoredKind::PublishedOnce), "idempotency keys"},
    {static_cast<char>(StoredKind::Run), "runs"},
    {static_cast<char>(StoredKind::Watermark), "watermarks between loops"},
    {static_cast<char>(StoredKind::Outbox), "QoS 2 messages between loops"},
    {static_cast<char>(KeyKind::Message), "history: messages"},
    {static_cast<char>(KeyKind::Topic), "history: messages by topic"},
    {static_cast<char>(KeyKind::Bucket), "history: buckets of numbers"},
    {static_cast<char>(KeyKind::Rule), "history: rules"},
    {static_cast<char>(KeyKind::Run), "history: runs"},
};

std::string name_of(char letter) {
    for (const KindName& each : kKindNames)
        if (each.letter == letter) return std::string(each.name);
    return std::string("others, kind ") + letter;
}

int print_failure(const storage::Outcome& outcome, const std::string& path) {
    using Kind = storage::Outcome::Kind;
    if (outcome.kind() == Kind::InUse)
        return print_error("a broker has this store open: stop it first, or ask it by 'runnelctl status' (" +
                           outcome.text() + ")");
    if (outcome.kind() == Kind::Damaged)
        return print_error("damaged: " + outcome.text() + "\nTo try a repair: copy " + path +
                           ", run 'runnelctl store repair --store COPY', and put the copy in the place of the store.\n"
                           "A broker that starts with a damaged store sets it aside and begins with an empty one.");
    return print_error(outcome.text());
}

int check(const std::string& path) {
    std::string report;
    const auto outcome = storage::check_rocksdb(path, report);
    if (!outcome) return print_failure(outcome, path);
    std::printf("no fault found: %s", report.c_str());
    return 0;
}

int repair(const std::string& path) {
    std::string report;
    const auto outcome = storage::repair_rocksdb(path, report);
    if (!outcome) return print_failure(outcome, path);
    std::printf("repaired; what could not be read is in %s/lost: %s", path.c_str(), report.c_str());
    return 0;
}

struct Tally {
    uint64_t records = 0;
    uint64_t bytes = 0;
};

int print_tallies(storage::Store& store, const std::string& path) {
    std::map<char, Tally> tallies;
    const auto cursor = store.scan({}, {});
    for (; cursor->valid(); cursor->next()) {
        Tally& tally = tallies[cursor->key().empty() ? '?' : cursor->key().front()];
        ++tally.records;
        tally.bytes += cursor->key().size() + cursor->value().size();
    }
    if (const auto outcome = cursor->outcome(); !outcome) return print_failure(outcome, path);
    std::printf("%-40s %12s %12s\n", "kind", "records", "size");
    for (const auto& [letter, tally] : tallies)
        std::printf("%-40s %12llu %12s\n", name_of(letter).c_str(), static_cast<unsigned long long>(tally.records),
                    size_text(static_cast<double>(tally.bytes)).c_str());
    std::printf("\n%s", store.statistics().c_str());
    return 0;
}

int stats(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path + "/CURRENT", ignored)) return print_error(path + ": there is no store here");
    const auto opened = storage::open_rocksdb(path, {});
    return opened.store ? print_tallies(*opened.store, path) : print_failure(opened.outcome, path);
}

void add_action(CLI::App& store, const char* name, const char* text, int (*action)(const std::string&),
                int& exit_code) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *store.add_subcommand(name, text);
    add_directory_option(command, arguments->place);
    command.add_option("--store", arguments->store, "The store itself (default: store of the data directory)")
        ->type_name("PATH");
    command.callback([arguments, action, &exit_code] { exit_code = action(arguments->path()); });
}

}  // namespace

void add_store_command(CLI::App& program, int& exit_code) {
    CLI::App& command = *program.add_subcommand("store", "Look into the store of a broker that does not run");
    command.require_subcommand(1);
    add_action(command, "check", "Read everything and say whether it is sound; changes nothing", check, exit_code);
    add_action(command, "stats", "Count records and bytes by kind", stats, exit_code);
    add_action(command, "repair", "Make a store out of what can still be read; to be used on a copy", repair,
               exit_code);
}

}  // namespace runnel::ctl

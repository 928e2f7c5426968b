// SPDX-License-Identifier: Apache-2.0
// A store whose files are cut, flipped or missing when it is opened.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include "storage/rocksdb_store.h"
#include "storage/rocksdb_store_testing.h"
#include "storage/write_ahead_log_scan.h"
#include "test/unit/storage/content.h"
#include "test/unit/storage/faulty_file_system.h"
#include "test/unit/temporary_folder.h"

namespace runnel::storage {
namespace {

namespace fs = std::filesystem;

constexpr RocksDbOptions kSmall{.write_buffer_bytes = 64 << 10};
constexpr const char* kStamp = "20250102-030405";

// A store with a table and a log: 30 synced batches in each.
class Victim {
public:
    Victim() : folder_(TemporaryFolder::memory()), path_(folder_.path("store")) {
        const auto disk = std::make_shared<FaultyFileSystem>();
        OpenedStore opened = open_rocksdb_on(path_, {}, disk);
        REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
        for (int i = 0; i < 60; ++i) {
            if (i == 30) CHECK(opened.store->flush());
            const std::string key = std::to_string(100 + i);
            CHECK(opened.store->apply(puts({{key, std::string(1000, 'v')}}), Durability::Synced));
        }
        disk->freeze();  // Else its end would empty the log.
    }

    const std::string& path() const { return path_; }
    // The only file, or the last one, with such a name.
    std::string file(const std::string& prefix, const std::string& extension) const {
        std::string found;
        for (const auto& entry : fs::directory_iterator(path_)) {
            const bool fits =
                entry.path().filename().string().starts_with(prefix) && entry.path().extension() == extension;
            if (fits) found = std::max(found, entry.path().string());
        }
        REQUIRE_FALSE(found.empty());
        return found;
    }
    static void flip(const std::string& file, uint64_t offset) {
        std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekg(static_cast<std::streamoff>(offset));
        const auto byte = static_cast<char>(stream.get() ^ 0x10);
        stream.seekp(static_cast<std::streamoff>(offset));
        stream.put(byte);
    }
    static void cut(const std::string& file, uint64_t size) { fs::resize_file(file, size); }
    static void write(const std::string& file, const std::string& text) {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    }

private:
    const TemporaryFolder folder_;
    const std::string path_;
};

size_t count_in(Store& store) {
    size_t count = 0;
    const auto cursor = store.scan("", "");
    for (; cursor->valid(); cursor->next())
        ++count;
    CHECK_MESSAGE(cursor->outcome(), cursor->outcome().text());
    return count;
}

// It is moved away, whole, and an empty one takes its place.
void check_set_aside(const Victim& victim) {
    OpenedStore refused = open_rocksdb(victim.path(), kSmall);
    CHECK(refused.outcome.kind() == Outcome::Kind::Damaged);
    CHECK_MESSAGE(refused.outcome.text().find(victim.path()) != std::string::npos, refused.outcome.text());
    CHECK(refused.store == nullptr);
    OpenedStore opened = open_rocksdb_or_set_aside(victim.path(), kSmall, kStamp);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    CHECK(count_in(*opened.store) == 0);
    CHECK(opened.set_aside == victim.path() + ".damaged-" + kStamp);
    CHECK(fs::exists(opened.set_aside));
    CHECK(opened.report.find(refused.outcome.text()) != std::string::npos);
    CHECK(opened.store->apply(puts({{"a", "1"}}), Durability::Synced));
}

void check_opens_with(const Victim& victim, size_t keys) {
    OpenedStore opened = open_rocksdb_or_set_aside(victim.path(), kSmall, kStamp);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    CHECK(opened.set_aside.empty());
    CHECK(opened.report.empty());
    CHECK(count_in(*opened.store) == keys);
}

TEST_CASE("a store that a crash left is opened with all of it") {
    check_opens_with(Victim(), 60);
}

TEST_CASE("damage: the file that names the others is missing") {
    const Victim victim;
    fs::remove(victim.path() + "/CURRENT");
    check_set_aside(victim);
}

TEST_CASE("damage: the file that names the others holds nonsense") {
    const Victim victim;
    SUBCASE("none") {
        Victim::write(victim.path() + "/CURRENT", "");
    }
    SUBCASE("a name of nothing") {
        Victim::write(victim.path() + "/CURRENT", "MANIFEST-999999\n");
    }
    SUBCASE("noise") {
        Victim::write(victim.path() + "/CURRENT", "\x01\x02\x03");
    }
    check_set_aside(victim);
}

TEST_CASE("damage: the list of tables") {
    const Victim victim;
    const std::string manifest = victim.file("MANIFEST-", "");
    SUBCASE("is missing") {
        fs::remove(manifest);
    }
    SUBCASE("is empty") {
        Victim::cut(manifest, 0);
    }
    SUBCASE("has a flipped bit") {
        Victim::flip(manifest, 30);
    }
    check_set_aside(victim);
}

TEST_CASE("damage: a table") {
    const Victim victim;
    const std::string table = victim.file("", ".sst");
    SUBCASE("is missing") {
        fs::remove(table);
    }
    SUBCASE("is cut") {
        Victim::cut(table, fs::file_size(table) - 100);
    }
    SUBCASE("has a flipped bit in its footer") {
        Victim::flip(table, fs::file_size(table) - 3);
    }
    check_set_aside(victim);
}

TEST_CASE("damage: synced changes in the middle of the log, wherever it is") {
    const uint64_t size = fs::file_size(Victim().file("", ".log"));
    for (const uint64_t permille : {0, 1, 100, 500, 900, 1000}) {
        CAPTURE(permille);
        const Victim victim;
        Victim::flip(victim.file("", ".log"), (size - 1500) * permille / 1000);
        check_set_aside(victim);
    }
}

TEST_CASE("damage: a table with a flipped bit in what it holds is noticed when it is read, and by a check") {
    const Victim victim;
    Victim::flip(victim.file("", ".sst"), 40);
    std::string report;
    CHECK(check_rocksdb(victim.path(), report).kind() == Outcome::Kind::Damaged);
    OpenedStore opened = open_rocksdb(victim.path(), kSmall);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    std::string value;
    bool found = true;
    CHECK(opened.store->get("100", value, found).kind() == Outcome::Kind::Damaged);
    CHECK_FALSE(found);
    const auto cursor = opened.store->scan("", "");
    CHECK_FALSE(cursor->valid());
    CHECK(cursor->outcome().kind() == Outcome::Kind::Damaged);
}

TEST_CASE("no damage: a log whose end was never finished") {
    const Victim victim;
    const std::string log = victim.file("", ".log");
    SUBCASE("cut within the last record") {
        Victim::cut(log, fs::file_size(log) - 500);
        check_opens_with(victim, 59);
    }
    SUBCASE("garbage behind it") {
        std::ofstream(log, std::ios::binary | std::ios::app) << std::string(5000, '\x55');
        check_opens_with(victim, 60);
    }
    SUBCASE("zeros behind it") {
        std::ofstream(log, std::ios::binary | std::ios::app) << std::string(50000, '\0');
        check_opens_with(victim, 60);
    }
}

std::string last_log(const std::string& store) {
    std::string last;
    for (const auto& entry : fs::directory_iterator(store)) {
        if (entry.path().extension() == ".log") last = std::max(last, entry.path().string());
    }
    return last;
}

TEST_CASE("no damage: the first record of a log was never finished, though one behind it was") {
    const TemporaryFolder folder(TemporaryFolder::memory());
    const std::string path = folder.path("store");
    {
        const auto disk = std::make_shared<FaultyFileSystem>();
        const OpenedStore opened = open_rocksdb_on(path, kSmall, disk);
        REQUIRE(opened.outcome);
        CHECK(opened.store->apply(puts({{"a", "1"}}), Durability::Synced));
        CHECK(opened.store->flush());
        for (const char* key : {"b", "c", "d"})
            CHECK(opened.store->apply(puts({{key, "1"}}), Durability::Written));
        disk->freeze();
    }
    Victim::flip(last_log(path), 10);
    const OpenedStore opened = open_rocksdb(path, kSmall);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    CHECK(content_of(*opened.store) == "a=1");
}

// Batches that are written and never synced, with others between them that are not in the log.
void write_batches(Store& store, int first, int last) {
    for (int i = first; i <= last; ++i) {
        CHECK(store.apply(puts({{"memory", std::to_string(i)}}), Durability::Memory));
        CHECK(store.apply(puts({{std::to_string(100 + i), std::string(1000, 'v')}}), Durability::Written));
    }
}

TEST_CASE("no damage: pages of the log that were never synced are zero, and others behind them are not") {
    constexpr uint64_t kBlock = 32768;
    constexpr uint64_t kRecord = 7 + 12 + 2 + kLogMarkSize + 1007;  // Of write_batches().
    for (const uint64_t begin : {uint64_t{0}, uint64_t{8192}, uint64_t{16384}, 2 * kBlock}) {
        CAPTURE(begin);
        const TemporaryFolder folder(TemporaryFolder::memory());
        const std::string path = folder.path("store");
        {
            const auto disk = std::make_shared<FaultyFileSystem>();
            const OpenedStore opened = open_rocksdb_on(path, {}, disk);
            REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
            write_batches(*opened.store, 1, 100);
            disk->freeze();
        }
        std::fstream log(last_log(path), std::ios::binary | std::ios::in | std::ios::out);
        log.seekp(static_cast<std::streamoff>(begin));
        log << std::string(kBlock - begin % kBlock, '\0');
        log.close();
        const std::vector<LogGap> gaps = find_log_gaps(path);
        REQUIRE(gaps.size() == 1);
        CHECK(gaps[0].is_hole);
        CHECK_FALSE(gaps[0].lost_synced(0));
        for (int opening = 0; opening < 2; ++opening) {
            const OpenedStore opened = open_rocksdb(path, kSmall);
            REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
            const size_t left = count_in(*opened.store);
            CHECK(left == begin / kRecord);
            std::string value;
            bool found = false;
            CHECK(opened.store->get(std::to_string(100 + left), value, found));
            CHECK(found == (left != 0));
        }
    }
}

TEST_CASE("no damage: a file of the log lacks its end, which was never synced, and the next one is whole") {
    const TemporaryFolder folder(TemporaryFolder::memory());
    const std::string path = folder.path("store");
    std::string first;
    {
        const auto disk = std::make_shared<FaultyFileSystem>();
        const OpenedStore opened = open_rocksdb_on(path, kSmall, disk);
        REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
        disk->hold_tables();  // Else those would make the first file superfluous.
        first = last_log(path);
        write_batches(*opened.store, 1, 100);
        disk->freeze();
    }
    const std::string second = last_log(path);
    REQUIRE(second != first);
    CHECK(find_log_gaps(path).empty());

    const uint64_t size = fs::file_size(first);
    Victim::flip(first, 10'500);
    const std::vector<LogGap> unreadable = find_log_gaps(path);
    REQUIRE(unreadable.size() == 1);
    const uint64_t whole_bytes = unreadable[0].whole_bytes;
    Victim::cut(first, whole_bytes);
    SUBCASE("zeros") {
        Victim::cut(first, size);
    }
    SUBCASE("a record is the last one") {}
    const std::vector<LogGap> gaps = find_log_gaps(path);
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].path == first);
    CHECK(gaps[0].offset == whole_bytes);
    CHECK(gaps[0].whole_bytes == whole_bytes);
    CHECK(gaps[0].readable_to == unreadable[0].readable_to);
    CHECK(gaps[0].is_hole);
    CHECK_FALSE(gaps[0].lost_synced(0));

    const OpenedStore opened = open_rocksdb(path, kSmall);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    CHECK(count_in(*opened.store) == 10);
    CHECK(find_log_gaps(path).empty());
}

TEST_CASE("no damage: what a sync covers while changes in memory go on is all there") {
    const TemporaryFolder folder(TemporaryFolder::memory());
    {
        const auto disk = std::make_shared<FaultyFileSystem>();
        const OpenedStore opened = open_rocksdb_on(folder.path("store"), {}, disk);
        REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
        write_batches(*opened.store, 1, 5);
        CHECK(opened.store->apply(puts({{"memory", "last"}}), Durability::Memory));
        CHECK(opened.store->sync());
        write_batches(*opened.store, 6, 10);
        disk->freeze();
    }
    const OpenedStore opened = open_rocksdb(folder.path("store"), kSmall);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    CHECK(count_in(*opened.store) == 10);
}

TEST_CASE("the scan of the log finds what is lost and what is not") {
    const Victim victim;
    CHECK(find_log_gaps(victim.path()).empty());
    const std::string log = victim.file("", ".log");
    Victim::flip(log, 5000);
    const std::vector<LogGap> gaps = find_log_gaps(victim.path());
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].path == log);
    CHECK(gaps[0].offset > 3000);
    CHECK(gaps[0].offset <= 5000);
    CHECK(gaps[0].readable_to == 30 + 4);
    CHECK(gaps[0].lost_synced(0));
}

TEST_CASE("a second store that is set aside gets a name of its own") {
    const TemporaryFolder folder;
    for (const char* expected : {"", "-2", "-3"}) {
        fs::create_directories(folder.path("store"));
        Victim::write(folder.path("store/000004.log"), "x");
        const OpenedStore opened = open_rocksdb_or_set_aside(folder.path("store"), kSmall, kStamp);
        REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
        CHECK(opened.set_aside == folder.path("store.damaged-") + kStamp + expected);
        fs::remove_all(folder.path("store"));
    }
}

TEST_CASE("a store that is open elsewhere is an error, and nothing is moved") {
    const TemporaryFolder folder;
    const OpenedStore first = open_rocksdb(folder.path("store"), kSmall);
    REQUIRE(first.outcome);
    const OpenedStore second = open_rocksdb_or_set_aside(folder.path("store"), kSmall, kStamp);
    CHECK(second.outcome.kind() == Outcome::Kind::InUse);
    CHECK(second.set_aside.empty());
    std::string report;
    CHECK(check_rocksdb(folder.path("store"), report).kind() == Outcome::Kind::InUse);
    CHECK(repair_rocksdb(folder.path("store"), report).kind() == Outcome::Kind::InUse);
    // The same from another process.
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const Outcome outcome = open_rocksdb_or_set_aside(folder.path("store"), kSmall, kStamp).outcome;
        _exit(outcome.kind() == Outcome::Kind::InUse ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(first.store->apply(puts({{"a", "1"}}), Durability::Synced));
}

TEST_CASE("a place where no store can be is an error, and nothing is moved") {
    const TemporaryFolder folder;
    const std::string file = folder.write("file", "x");
    const OpenedStore below = open_rocksdb_or_set_aside(file + "/store", kSmall, kStamp);
    CHECK(below.outcome.kind() == Outcome::Kind::IoError);
    CHECK_MESSAGE(below.outcome.text().find("Not a directory") != std::string::npos, below.outcome.text());
    CHECK_FALSE(open_rocksdb_or_set_aside(file, kSmall, kStamp).outcome);
    CHECK(folder.read("file") == "x");
}

TEST_CASE("missing permission is an error, and nothing is moved") {
    if (geteuid() == 0) {
        MESSAGE("skipped: root may do everything");
        return;
    }
    const Victim victim;
    fs::permissions(victim.file("", ".sst"), fs::perms::none);
    const OpenedStore opened = open_rocksdb_or_set_aside(victim.path(), kSmall, kStamp);
    CHECK(opened.outcome.kind() == Outcome::Kind::IoError);
    CHECK(opened.set_aside.empty());
}

TEST_CASE("a repair brings back what can be read") {
    const Victim victim;
    SUBCASE("without the list of tables") {
        fs::remove(victim.file("MANIFEST-", ""));
    }
    SUBCASE("without the file that names the others") {
        fs::remove(victim.path() + "/CURRENT");
    }
    std::string report;
    CHECK(check_rocksdb(victim.path(), report).kind() == Outcome::Kind::Damaged);
    const Outcome repaired = repair_rocksdb(victim.path(), report);
    REQUIRE_MESSAGE(repaired, repaired.text());
    CHECK(report.starts_with("60 keys"));
    check_opens_with(victim, 60);
}

TEST_CASE("a repair after damage in the log loses what was there and no more") {
    const Victim victim;
    const std::string log = victim.file("", ".log");
    Victim::flip(log, 100);
    std::string report;
    const Outcome repaired = repair_rocksdb(victim.path(), report);
    REQUIRE_MESSAGE(repaired, repaired.text());
    OpenedStore opened = open_rocksdb(victim.path(), kSmall);
    REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
    CHECK(count_in(*opened.store) >= 30);
}

TEST_CASE("a check and a repair of nothing say so") {
    const TemporaryFolder folder;
    std::string report;
    CHECK(check_rocksdb(folder.path("nothing"), report).kind() == Outcome::Kind::IoError);
    CHECK(repair_rocksdb(folder.path("nothing"), report).kind() == Outcome::Kind::IoError);
    CHECK_FALSE(fs::exists(folder.path("nothing")));
}

TEST_CASE("a checkpoint is a store of its own, with what had been applied, and writes go on") {
    const TemporaryFolder folder;
    OpenedStore opened = open_rocksdb(folder.path("store"), kSmall);
    REQUIRE(opened.outcome);
    CHECK(opened.store->apply(puts({{"a", "1"}}), Durability::Written));
    const Outcome copied = opened.store->checkpoint(folder.path("copy"));
    CHECK_MESSAGE(copied, copied.text());
    CHECK(opened.store->apply(puts({{"a", "2"}}), Durability::Synced));
    CHECK(content_of(*open_rocksdb(folder.path("copy"), kSmall).store) == "a=1");
    CHECK_FALSE(opened.store->checkpoint(folder.path("copy")));
}

TEST_CASE("a real file system that is full, and has room again") {
    const TemporaryFolder folder;
    if (mount("tmpfs", folder.path("").c_str(), "tmpfs", 0, "size=4m") != 0) {
        MESSAGE("skipped: a file system may not be mounted here");
        return;
    }
    {
        const std::string filler = folder.path("filler");
        OpenedStore opened = open_rocksdb(folder.path("store"), kSmall);
        REQUIRE_MESSAGE(opened.outcome, opened.outcome.text());
        CHECK(opened.store->apply(puts({{"a", "1"}}), Durability::Synced));
        std::ofstream(filler, std::ios::binary) << std::string(8 << 20, 'x');
        const WriteBatch batch = puts({{"b", std::string(100000, 'v')}});
        for (int attempt = 0; attempt < 3; ++attempt) {
            const Outcome outcome = opened.store->apply(batch, Durability::Synced);
            CHECK_MESSAGE(outcome.kind() == Outcome::Kind::DiskFull, outcome.text());
            CHECK_MESSAGE(outcome.text().find("No space left on device") != std::string::npos, outcome.text());
        }
        CHECK(content_of(*opened.store) == "a=1");
        fs::remove(filler);
        const Outcome outcome = opened.store->apply(batch, Durability::Synced);
        CHECK_MESSAGE(outcome, outcome.text());
        CHECK(count_in(*opened.store) == 2);
    }
    CHECK(count_in(*open_rocksdb(folder.path("store"), kSmall).store) == 2);
    CHECK(umount(folder.path("").c_str()) == 0);
}

TEST_CASE("a store above its budget says so, and comes back below it when things are erased") {
    const TemporaryFolder folder;
    OpenedStore opened = open_rocksdb(folder.path("store"), {.max_bytes = 8 << 20, .write_buffer_bytes = 64 << 10});
    REQUIRE(opened.outcome);
    Random random(1);
    for (int i = 0; i < 12; ++i) {
        std::string value(1 << 20, '\0');
        for (char& byte : value)
            byte = static_cast<char>(random.below(256));
        CHECK(opened.store->apply(puts({{"key" + std::to_string(i), value}}), Durability::Written));
    }
    CHECK(opened.store->is_over_budget());
    WriteBatch erasure;
    erasure.erase_range("key", "kez");
    CHECK(opened.store->apply(erasure, Durability::Synced));
    CHECK(opened.store->compact_range("", ""));
    CHECK_FALSE(opened.store->is_over_budget());
}

std::string random_value(Random& random, size_t size) {
    std::string value(size, '\0');
    for (char& byte : value)
        byte = static_cast<char>(random.below(256));
    return value;
}

// What many small erasures, or one range, leave behind is given back without anybody asking for a compaction.
TEST_CASE("the space of what was erased comes back by itself") {
    const TemporaryFolder folder;
    OpenedStore opened = open_rocksdb(folder.path("store"), {.write_buffer_bytes = 1 << 20});
    REQUIRE(opened.outcome);
    Random random(1);
    constexpr int kRecords = 12'000;
    for (int i = 0; i < kRecords; ++i)
        CHECK(
            opened.store->apply(puts({{"key" + std::to_string(i), random_value(random, 2'000)}}), Durability::Memory));
    CHECK(opened.store->flush());
    opened.store->give_back_space();
    CHECK(opened.store->size_bytes() > 20 << 20);
    WriteBatch erasure;
    SUBCASE("one by one") {
        for (int i = 0; i < kRecords; ++i)
            erasure.erase("key" + std::to_string(i));
    }
    SUBCASE("as a range") {
        erasure.erase_range("key", "kez");
    }
    CHECK(opened.store->apply(erasure, Durability::Written));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (opened.store->size_bytes() > 4 << 20 && std::chrono::steady_clock::now() < end) {
        opened.store->give_back_space();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(opened.store->size_bytes() < 4 << 20);
}

}  // namespace
}  // namespace runnel::storage

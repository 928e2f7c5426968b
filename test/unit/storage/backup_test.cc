// SPDX-License-Identifier: Apache-2.0
#include "storage/backup.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/rocksdb_store.h"
#include "test/unit/storage/content.h"
#include "test/unit/temporary_folder.h"

namespace runnel::storage {
namespace {

namespace fs = std::filesystem;

constexpr RocksDbOptions kSmall{.write_buffer_bytes = 64 << 10};
constexpr const char* kStamp = "20250102-030405";

// A store with a=1, of which there is a backup, and where a=2 was written later.
struct Place {
    Place() {
        OpenedStore opened = open_rocksdb(store, kSmall);
        CHECK(opened.store->apply(puts({{"a", "1"}}), Durability::Written));
        const Outcome made = make_backup(*opened.store, backup, "made by a test");
        CHECK_MESSAGE(made, made.text());
        CHECK(opened.store->apply(puts({{"a", "2"}}), Durability::Written));
    }
    std::string content() const { return content_of(*open_rocksdb(store, kSmall).store); }
    bool has_leftovers() const {
        for (const auto& entry : fs::directory_iterator(folder.path("")))
            if (entry.path().string().find("restoring") != std::string::npos) return true;
        return false;
    }

    const TemporaryFolder folder;
    const std::string store = folder.path("store");
    const std::string backup = folder.path("backup");
};

mode_t mode_of(const std::string& path) {
    struct stat file {};
    CHECK(stat(path.c_str(), &file) == 0);
    return file.st_mode & 0777;
}

TEST_CASE_FIXTURE(Place, "a backup is put back, and the store that was there set aside") {
    CHECK(mode_of(backup) == 0700);
    const Restored restored = restore_backup(backup, store, kStamp, Replace::SetAside);
    CHECK_MESSAGE(restored.outcome, restored.outcome.text());
    CHECK(restored.report.starts_with("made by a test\n1 keys"));
    CHECK(content() == "a=1");
    CHECK(restored.set_aside == store + ".before-restore-" + kStamp);
    CHECK(content_of(*open_rocksdb(restored.set_aside, kSmall).store) == "a=2");
    CHECK_FALSE(has_leftovers());
    // The backup is what it was.
    CHECK(restore_backup(backup, folder.path("other"), kStamp, Replace::Nothing).outcome);
    CHECK(content_of(*open_rocksdb(folder.path("other"), kSmall).store) == "a=1");
}

TEST_CASE_FIXTURE(Place, "nothing is replaced without being told to") {
    const Restored restored = restore_backup(backup, store, kStamp, Replace::Nothing);
    CHECK(restored.outcome.text().find("there is a store already") != std::string::npos);
    CHECK(content() == "a=2");
}

TEST_CASE_FIXTURE(Place, "a store that is open is not replaced") {
    const OpenedStore opened = open_rocksdb(store, kSmall);
    const Restored restored = restore_backup(backup, store, kStamp, Replace::SetAside);
    CHECK(restored.outcome.kind() == Outcome::Kind::InUse);
    CHECK(content_of(*opened.store) == "a=2");
    CHECK_FALSE(has_leftovers());
}

TEST_CASE_FIXTURE(Place, "a backup that was not finished, or is damaged, changes nothing") {
    SUBCASE("not finished") {
        fs::remove(backup + "/RUNNEL-BACKUP");
    }
    SUBCASE("a table is missing") {
        for (const auto& entry : fs::directory_iterator(backup + "/store"))
            if (entry.path().extension() == ".sst") fs::remove(entry.path());
    }
    SUBCASE("the store is missing") {
        fs::remove_all(backup + "/store");
    }
    CHECK_FALSE(restore_backup(backup, store, kStamp, Replace::SetAside).outcome);
    CHECK(content() == "a=2");
    CHECK_FALSE(has_leftovers());
}

TEST_CASE_FIXTURE(Place, "where a backup may be made") {
    OpenedStore opened = open_rocksdb(store, kSmall);
    const std::string empty = folder.path("empty");
    fs::create_directory(empty);
    CHECK(is_free_for_backup(empty));
    CHECK(make_backup(*opened.store, empty, "again"));
    CHECK(mode_of(empty) == 0700);
    CHECK_FALSE(is_free_for_backup(empty));
    CHECK_FALSE(make_backup(*opened.store, empty, "and again"));
    CHECK(fs::exists(empty + "/RUNNEL-BACKUP"));
    CHECK(is_free_for_backup(folder.path("new")));
    CHECK_FALSE(make_backup(*opened.store, folder.path("no/such/folder"), "nowhere"));
}

}  // namespace
}  // namespace runnel::storage

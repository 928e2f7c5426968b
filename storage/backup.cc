// SPDX-License-Identifier: Apache-2.0
#include "storage/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "storage/rocksdb_store.h"
#include "storage/store_directory.h"

namespace runnel::storage {
namespace {

namespace fs = std::filesystem;

Outcome failure(const std::string& what, const std::string& path, const std::error_code& error) {
    const std::string text = what + " " + path + ": " + error.message();
    return {kind_of_failure(text), text};
}

Outcome last_failure(const std::string& what, const std::string& path) {
    return failure(what, path, std::error_code(errno, std::generic_category()));
}

std::string copy_of(const std::string& directory) {
    return directory + "/store";
}

std::string mark_of(const std::string& directory) {
    return directory + "/RUNNEL-BACKUP";
}

Outcome sync_file(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return last_failure("cannot open", path);
    const bool synced = fsync(descriptor) == 0;
    const Outcome outcome = synced ? Outcome() : last_failure("cannot sync", path);
    close(descriptor);
    return outcome;
}

Outcome write_mark(const std::string& directory, std::string_view label) {
    const std::string path = mark_of(directory);
    std::ofstream file(path);
    file << label << '\n';
    if (!file.flush()) return last_failure("cannot write", path);
    if (Outcome outcome = sync_file(path); !outcome) return outcome;
    return sync_directory(directory);
}

Outcome fill_backup(Store& store, const std::string& directory, std::string_view label) {
    if (Outcome outcome = store.checkpoint(copy_of(directory)); !outcome) return outcome;
    return write_mark(directory, label);
}

// Files only: a store has no directories but those of damaged parts.
Outcome copy_store(const std::string& from, const std::string& to) {
    if (Outcome outcome = create_store_directory(to); !outcome) return outcome;
    std::error_code error;
    for (fs::directory_iterator at(from, error), end; !error && at != end; at.increment(error)) {
        if (!at->is_regular_file(error)) continue;
        const fs::path target = fs::path(to) / at->path().filename();
        if (!fs::copy_file(at->path(), target, error)) return failure("cannot copy to", target.string(), error);
        if (Outcome outcome = sync_file(target.string()); !outcome) return outcome;
    }
    if (error) return failure("cannot read", from, error);
    return sync_directory(to);
}

bool is_empty_directory(const std::string& path) {
    std::error_code error;
    return fs::is_directory(path, error) && fs::is_empty(path, error) && !error;
}

// What it will hold is nobody's business but the broker's.
Outcome take_directory(const std::string& directory, bool& is_new) {
    is_new = mkdir(directory.c_str(), 0700) == 0;
    if (is_new) return {};
    if (errno != EEXIST || !is_empty_directory(directory)) return last_failure("cannot create", directory);
    return chmod(directory.c_str(), 0700) == 0 ? Outcome() : last_failure("cannot change the mode of", directory);
}

Outcome read_label(const std::string& directory, std::string& label) {
    std::ifstream mark(mark_of(directory));
    label.assign(std::istreambuf_iterator<char>(mark), {});
    if (mark.is_open() && !label.empty()) return {};
    return {Outcome::Kind::IoError, directory + ": this is no finished backup (there is no file RUNNEL-BACKUP in it)"};
}

// From here on it is a matter of two renames, so that a failure leaves one store or the other, never half of one. A
// broker that makes a store meanwhile makes the second one fail.
Outcome swap_in(const std::string& copy, const std::string& store_path, std::string_view stamp,
                std::string& set_aside) {
    std::error_code ignored;
    if (fs::exists(store_path, ignored)) {
        Outcome outcome = set_directory_aside(store_path, "before-restore", stamp, set_aside);
        if (!outcome) return outcome;
    }
    if (rename(copy.c_str(), store_path.c_str()) == 0)
        return sync_directory(fs::path(store_path).parent_path().string());
    const Outcome outcome = last_failure("cannot rename " + copy + " to", store_path);
    if (!set_aside.empty() && rename(set_aside.c_str(), store_path.c_str()) == 0) set_aside.clear();
    return outcome;
}

// The copy is checked, not the backup: to check a store is to lock it, and a backup may lie where nothing can be
// written.
Outcome copy_and_swap(const std::string& directory, const std::string& copy, const std::string& store_path,
                      std::string_view stamp, Restored& restored) {
    if (Outcome outcome = copy_store(copy_of(directory), copy); !outcome) return outcome;
    std::string content;
    if (Outcome outcome = check_rocksdb(copy, content); !outcome) return outcome;
    restored.report += content;
    return swap_in(copy, store_path, stamp, restored.set_aside);
}

}  // namespace

bool is_free_for_backup(const std::string& directory) {
    struct stat file {};
    return lstat(directory.c_str(), &file) != 0 || is_empty_directory(directory);
}

Outcome make_backup(Store& store, const std::string& directory, std::string_view label) {
    bool is_new = false;
    if (Outcome outcome = take_directory(directory, is_new); !outcome) return outcome;
    Outcome outcome = fill_backup(store, directory, label);
    if (outcome) return outcome;
    std::error_code ignored;
    for (const std::string& made : {copy_of(directory), copy_of(directory) + ".tmp", mark_of(directory)})
        fs::remove_all(made, ignored);
    if (is_new) fs::remove(directory, ignored);
    return outcome;
}

Restored restore_backup(const std::string& directory, const std::string& store_path, std::string_view stamp,
                        Replace replace) {
    Restored restored;
    restored.outcome = read_label(directory, restored.report);
    if (!restored.outcome) return restored;
    std::error_code ignored;
    StoreLock lock;
    if (fs::exists(store_path, ignored)) {
        restored.outcome = lock_store(store_path, lock);
        if (restored.outcome && replace == Replace::Nothing)
            restored.outcome = {Outcome::Kind::IoError, store_path + ": there is a store already"};
        if (!restored.outcome) return restored;
    }
    const std::string copy = store_path + ".restoring-" + std::string(stamp);
    restored.outcome = copy_and_swap(directory, copy, store_path, stamp, restored);
    if (!restored.outcome) fs::remove_all(copy, ignored);
    return restored;
}

}  // namespace runnel::storage

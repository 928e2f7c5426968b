// SPDX-License-Identifier: Apache-2.0
#include "storage/store_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace runnel::storage {
namespace {

Outcome failure(const std::string& what, const std::string& path, int error) {
    const std::string text = what + " " + path + ": " + std::generic_category().message(error);
    return {kind_of_failure(text), text};
}

bool has_text(std::string_view text, int error) {
    return text.find(std::generic_category().message(error)) != std::string_view::npos;
}

std::string parent_of(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

}  // namespace

Outcome sync_directory(const std::string& path) {
    const int descriptor = open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failure("cannot open", path, errno);
    const int error = fsync(descriptor) == 0 ? 0 : errno;
    close(descriptor);
    return error == 0 || error == EINVAL ? Outcome() : failure("cannot sync", path, error);
}

Outcome remove_file(const std::string& directory, const std::string& path) {
    if (unlink(path.c_str()) != 0) return failure("cannot remove", path, errno);
    return sync_directory(directory);
}

Outcome cut_file(const std::string& path, uint64_t size) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return failure("cannot open", path, errno);
    const bool is_cut = ftruncate(descriptor, static_cast<off_t>(size)) == 0 && fsync(descriptor) == 0;
    const int error = is_cut ? 0 : errno;
    close(descriptor);
    return is_cut ? Outcome() : failure("cannot cut", path, error);
}

Outcome::Kind kind_of_failure(std::string_view text) {
    if (has_text(text, ENOSPC) || has_text(text, EDQUOT)) return Outcome::Kind::DiskFull;
    if (has_text(text, EROFS)) return Outcome::Kind::ReadOnly;
    return Outcome::Kind::IoError;
}

Outcome create_store_directory(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return {};
    std::filesystem::create_directories(parent_of(path), error);
    if (error) return failure("cannot create", parent_of(path), error.value());
    if (mkdir(path.c_str(), 0700) != 0) return failure("cannot create", path, errno);
    return sync_directory(parent_of(path));
}

bool has_lost_its_beginning(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::exists(path + "/CURRENT", ignored)) return false;
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
        const std::string extension = entry.path().extension().string();
        if (extension == ".sst" || extension == ".log") return true;
    }
    return false;
}

uint64_t directory_bytes(const std::string& path) {
    uint64_t sum = 0;
    std::error_code ignored;
    for (std::filesystem::directory_iterator at(path, ignored), end; at != end; at.increment(ignored)) {
        struct stat status {};
        if (stat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        // Blocks count what is set aside for a file that grows; sizes what is not on its way to the disk yet.
        sum += static_cast<uint64_t>(std::max<int64_t>(status.st_size, status.st_blocks * 512));
    }
    return sum;
}

Outcome set_directory_aside(const std::string& path, std::string_view why, std::string_view stamp,
                            std::string& new_path) {
    const std::string name = path + "." + std::string(why) + "-" + std::string(stamp);
    new_path = name;
    std::error_code ignored;
    for (int number = 2; std::filesystem::exists(new_path, ignored); ++number)
        new_path = name + "-" + std::to_string(number);
    if (rename(path.c_str(), new_path.c_str()) != 0) return failure("cannot rename to " + new_path + ":", path, errno);
    return sync_directory(parent_of(path));
}

}  // namespace runnel::storage

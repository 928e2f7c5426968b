// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace runnel::auth {
namespace {

FileError failed_to(const char* verb) {
    return FileError{std::string("cannot ") + verb + " it: " + std::generic_category().message(errno)};
}

Result<std::string, FileError> read_descriptor(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return failed_to("read");
    if (!S_ISREG(status.st_mode)) return FileError{"it is not a regular file"};
    std::string text;
    std::array<char, 16'384> chunk{};
    while (true) {
        const ssize_t size = read(descriptor, chunk.data(), chunk.size());
        if (size == 0) return text;
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return failed_to("read");
        text.append(chunk.data(), static_cast<size_t>(size));
        if (text.size() > kTextFileSizeMax) return FileError{"it is larger than 64 MiB"};
    }
}

}  // namespace

Result<std::string, FileError> read_text_file(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return failed_to("open");
    auto text = read_descriptor(descriptor);
    close(descriptor);
    return text;
}

}  // namespace runnel::auth

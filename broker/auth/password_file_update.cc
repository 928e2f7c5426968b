// SPDX-License-Identifier: Apache-2.0
// Writing the password file: under a lock on its folder, into a new file that takes the old one's name.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "broker/auth/password_file.h"
#include "broker/auth/text_file.h"

namespace runnel::auth {
namespace {

using Fault = std::optional<std::string>;

Fault system_fault(const std::string& what) {
    return what + ": " + std::generic_category().message(errno);
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }

private:
    int number_;
};

// A file beside the one to replace; removed again unless it took that one's place.
class Replacement {
public:
    explicit Replacement(const std::filesystem::path& target)
        : target_(target), name_(target.string() + ".XXXXXX"), file_(mkostemp(name_.data(), O_CLOEXEC)) {}
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement() {
        if (file_.is_open() && !placed_) unlink(name_.c_str());
    }

    // mkostemp makes it with mode 0600 and our owner, which is right for a new file.
    Fault copy_owner_and_mode() const {
        struct stat old {};
        if (stat(target_.c_str(), &old) != 0)
            return errno == ENOENT ? Fault() : system_fault("cannot read " + target_.string());
        struct stat made {};
        if (fstat(file_.number(), &made) != 0) return system_fault("cannot read " + name_);
        const bool same_owner = old.st_uid == made.st_uid && old.st_gid == made.st_gid;
        if (!same_owner && fchown(file_.number(), old.st_uid, old.st_gid) != 0)
            return system_fault("cannot keep the owner of " + target_.string());
        if (fchmod(file_.number(), old.st_mode & 07777) != 0)
            return system_fault("cannot keep the mode of " + target_.string());
        return std::nullopt;
    }

    Fault write_text(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t size = write(file_.number(), text.data(), text.size());
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) return system_fault("cannot write " + name_);
            text.remove_prefix(static_cast<size_t>(size));
        }
        return fsync(file_.number()) == 0 ? Fault() : system_fault("cannot write " + name_);
    }

    Fault take_place() {
        if (rename(name_.c_str(), target_.c_str()) != 0) return system_fault("cannot replace " + target_.string());
        placed_ = true;
        return std::nullopt;
    }

    Fault place(std::string_view text) {
        if (!file_.is_open()) return system_fault("cannot write beside " + target_.string());
        if (auto fault = copy_owner_and_mode()) return fault;
        if (auto fault = write_text(text)) return fault;
        return take_place();
    }

private:
    std::filesystem::path target_;
    std::string name_;
    Descriptor file_;
    bool placed_ = false;
};

std::string_view user_name_of(std::string_view line) {
    return line.substr(0, line.find(':'));
}

// Puts `line` in the place of the user's line, or takes that away if `line` is empty. Whether the user was there.
bool replace_line(std::string& text, std::string_view user_name, std::string_view line) {
    size_t begin = 0;
    while (begin < text.size()) {
        const size_t newline = text.find('\n', begin);
        const size_t end = newline == std::string::npos ? text.size() : newline;
        const std::string_view old = std::string_view(text).substr(begin, end - begin);
        if (old.find(':') != std::string_view::npos && user_name_of(old) == user_name) {
            if (line.empty())
                text.erase(begin, newline == std::string::npos ? std::string::npos : end + 1 - begin);
            else
                text.replace(begin, end - begin, line);
            return true;
        }
        begin = end + 1;
    }
    return false;
}

// A link stays a link: what it points to is replaced.
std::filesystem::path target_of(const std::string& path) {
    std::error_code ignored;
    auto target = std::filesystem::canonical(path, ignored);
    return ignored ? std::filesystem::path(path) : target;
}

std::string folder_of(const std::filesystem::path& target) {
    return target.has_parent_path() ? target.parent_path().string() : ".";
}

// Calls `change` with the text of the file ("" if there is none) and writes what it makes of it.
Fault change_file(const std::string& path, const std::function<Fault(std::string&)>& change) {
    const std::filesystem::path target = target_of(path);
    const std::string folder_name = folder_of(target);
    const Descriptor folder(open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() || flock(folder.number(), LOCK_EX) != 0) return system_fault("cannot open " + folder_name);

    std::string text;
    std::error_code error;
    const bool exists = std::filesystem::exists(target, error);
    if (error) return "cannot read " + target.string() + ": " + error.message();
    if (exists) {
        auto read = read_text_file(target.string());
        if (!read) return path + ": " + read.error().what;
        text = std::move(*read);
    }
    if (const auto parsed = parse_password_file(path, text); !parsed) return parsed.error().front().text();
    if (auto fault = change(text)) return fault;
    if (auto fault = Replacement(target).place(text)) return fault;
    return fsync(folder.number()) == 0 ? Fault() : system_fault("cannot write " + folder_name);
}

}  // namespace

std::optional<std::string> update_password_file(const std::string& path, std::string_view line) {
    const auto parsed = parse_password_file("the new line", line);
    if (!parsed) return parsed.error().front().what;
    if (parsed->size() != 1 || line.find('\n') != std::string_view::npos) return "not the line of one user";
    return change_file(path, [line](std::string& text) {
        if (replace_line(text, user_name_of(line), line)) return Fault();
        if (!text.empty() && !text.ends_with('\n')) text += '\n';
        text.append(line).append("\n");
        return Fault();
    });
}

std::optional<std::string> remove_from_password_file(const std::string& path, std::string_view user_name) {
    return change_file(path, [user_name, &path](std::string& text) {
        if (!user_name.starts_with('#') && replace_line(text, user_name, "")) return Fault();
        return Fault("there is no user \"" + std::string(user_name) + "\" in " + path);
    });
}

}  // namespace runnel::auth

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace runnel::storage {

// Whether the disk did what it was asked, and if not, why, in words for the operator: the file and what errno means.
class [[nodiscard]] Outcome {
public:
    enum class Kind : uint8_t {
        Ok,
        DiskFull,      // Space or quota is used up; goes on when there is some again.
        ReadOnly,      // The file system is mounted read-only, often by the kernel after an error.
        Damaged,       // What is on disk is not what was written.
        InUse,         // Another process has the store open.
        NotSupported,  // This store cannot do this.
        IoError,       // Anything else, also missing permission.
    };

    Outcome() = default;
    Outcome(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

    explicit operator bool() const { return kind_ == Kind::Ok; }
    Kind kind() const { return kind_; }
    const std::string& text() const { return text_; }

    friend bool operator==(const Outcome&, const Outcome&) = default;

private:
    Kind kind_ = Kind::Ok;
    std::string text_;
};

}  // namespace runnel::storage

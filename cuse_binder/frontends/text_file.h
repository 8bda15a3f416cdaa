// An open feature or log file: a text that was taken when the file was opened.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "cuse_binder/frontends/open_file.h"

namespace cuse_binder::frontends {

class TextFile final : public OpenFile {
 public:
  explicit TextFile(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}

  void read(Reply& reply, std::size_t size, off_t offset) override {
    // The answer can be read, and this file be closed by another worker, before this returns.
    const std::shared_ptr<const std::string> text = text_;
    const std::size_t begin = std::min(text->size(), static_cast<std::size_t>(std::max<off_t>(offset, 0)));
    reply.data(std::span(*text).subspan(begin, std::min(size, text->size() - begin)));
  }

 private:
  const std::shared_ptr<const std::string> text_;
};

}  // namespace cuse_binder::frontends

#include "cuse_binder/protocol/stager.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace cuse_binder::protocol {

void Stager::fail(int error, int line) {
  staged_.error = error;
  staged_.line = line;
}

core::Staged Stager::run() {
  if (draft_.memory == nullptr) return std::move(staged_);
  if (!read_offsets()) return std::move(staged_);
  if (offsets_.empty()) {
    gaps_.push_back({0, call_.data_size, 0});
  } else {
    stage_objects();
  }
  copy_gaps();
  if (staged_.error == 0) copy_buffers();
  return std::move(staged_);
}

bool Stager::read_offsets() {
  const std::uint64_t size = call_.offsets_size;
  if (size > 0) {
    offsets_.resize((size + 7) / 8, boost::container::default_init);
    if (!access_.read(offsets_.data(), offsets_address_, size)) {
      fail(EFAULT, __LINE__);
      return false;
    }
    std::memcpy(draft_.memory + uapi::align8(call_.data_size), offsets_.data(), size);
  }
  if (size % sizeof(std::uint64_t) != 0 || call_.buffers_size % sizeof(std::uint64_t) != 0) {
    fail(EINVAL, __LINE__);
    return false;
  }
  return true;
}

// Fetches the objects from `first` on, as many as go into one access; more than an object's size is fetched, so a short
// one at the end of readable memory is complete all the same.
void Stager::read_heads(std::size_t first) {
  heads_.clear();
  heads_first_ = first;
  iovec local[kHeadBatch];
  client::RemotePiece remote[kHeadBatch];
  std::size_t count = 0;
  std::uint64_t total = 0;
  heads_.resize(std::min(kHeadBatch, offsets_.size() - first));
  for (; count < heads_.size(); ++count) {
    const std::uint64_t offset = offsets_[first + count];
    if (offset > call_.data_size || call_.data_size - offset < sizeof(std::uint32_t)) break;  // reported when its turn comes
    const std::uint64_t size = std::min<std::uint64_t>(sizeof heads_[count].bytes, call_.data_size - offset);
    local[count] = {heads_[count].bytes, size};
    remote[count] = {data_ + offset, size};
    total += size;
  }
  std::size_t done = count > 0 ? access_.read({local, count}, {remote, count}) : 0;
  const bool complete = done == total;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t here = std::min<std::size_t>(done, remote[i].size);
    heads_[i].available = here;
    done -= here;
    if (here < remote[i].size && !complete) {
      heads_.resize(i + 1);  // what lies behind the fault is fetched by its own access
      return;
    }
  }
  heads_.resize(std::max<std::size_t>(count, 1));
}

void Stager::stage_objects() {
  std::uint64_t previous_end = 0;
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    const std::uint64_t position = offsets_[i];
    counts_.push_back({static_cast<std::uint32_t>(staged_.objects.size()), static_cast<std::uint32_t>(staged_.files.size())});
    if (position < previous_end || position > call_.data_size) return fail(EFAULT, __LINE__);
    if (position > previous_end) gaps_.push_back({previous_end, position, i});
    if (position % sizeof(std::uint32_t) != 0 || call_.data_size - position < sizeof(std::uint32_t)) {
      return fail(EINVAL, __LINE__);
    }
    if (i >= heads_first_ + heads_.size()) read_heads(i);
    std::uint64_t size = 0;
    int line = 0;
    if (const int error = stage_object(i, position, heads_[i - heads_first_], size, line)) return fail(error, line);
    previous_end = position + size;
  }
  if (previous_end < call_.data_size) gaps_.push_back({previous_end, call_.data_size, offsets_.size()});
  if (scatter_.late_error()) fail(EINVAL, __LINE__);
}

template <typename T>
void Stager::place(std::uint64_t position, const T& object) {
  std::memcpy(draft_.memory + position, &object, sizeof object);
}

int Stager::stage_object(std::size_t index, std::uint64_t position, const Head& head, std::uint64_t& size, int& line) {
  const auto fits = [&](std::size_t wanted) {
    size = wanted;
    return call_.data_size - position >= wanted && head.available >= wanted;
  };
  line = __LINE__;
  if (head.available < sizeof(std::uint32_t)) return EINVAL;
  std::uint32_t type;
  std::memcpy(&type, head.bytes, sizeof type);
  switch (type) {
    case BINDER_TYPE_BINDER:
    case BINDER_TYPE_WEAK_BINDER:
    case BINDER_TYPE_HANDLE:
    case BINDER_TYPE_WEAK_HANDLE: {
      line = __LINE__;
      if (!fits(sizeof(flat_binder_object))) return EINVAL;
      core::StagedObject& object = staged_.objects.emplace_back();
      object.position = position;
      std::memcpy(&object.object, head.bytes, sizeof object.object);
      return 0;
    }
    case BINDER_TYPE_FD: {
      line = __LINE__;
      if (!fits(sizeof(binder_fd_object))) return EINVAL;
      binder_fd_object object;
      std::memcpy(&object, head.bytes, sizeof object);
      line = __LINE__;
      const int fd = static_cast<int>(object.fd);
      if (const int error = stage_file(fd, position + offsetof(binder_fd_object, fd), false)) return error;
      object.pad_binder = 0;  // the number is written when it is known, at delivery
      place(position, object);
      return 0;
    }
    case BINDER_TYPE_PTR: {
      line = __LINE__;
      if (!fits(sizeof(binder_buffer_object))) return EINVAL;
      binder_buffer_object object;
      std::memcpy(&object, head.bytes, sizeof object);
      line = __LINE__;
      if (const int error = scatter_.add_buffer(index, position, object)) return error;
      place(position, object);
      return 0;
    }
    case BINDER_TYPE_FDA: {
      line = __LINE__;
      if (!fits(sizeof(binder_fd_array_object))) return EINVAL;
      binder_fd_array_object object;
      std::memcpy(&object, head.bytes, sizeof object);
      line = __LINE__;
      const ScatterGather::Buffer* parent = nullptr;
      if (const int error = scatter_.add_descriptors(index, object, parent)) return error;
      line = __LINE__;
      if (const int error = stage_descriptors(object, *parent)) return error;
      place(position, object);
      return 0;
    }
    default:
      line = __LINE__;
      return EINVAL;
  }
}

int Stager::stage_file(int fd, std::uint64_t position, bool close_on_free) {
  if (!draft_.accepts_fds) return EPERM;
  if (charge_->load(std::memory_order_relaxed) >= ChargedFile::kMaxPerProcess) return ENOMEM;
  auto file = access_.services().files.take(access_.request().tid, fd);
  if (!file.ok()) return file.error() == EMFILE || file.error() == ENFILE ? ENOMEM : file.error();
  staged_.files.push_back({std::make_unique<ChargedFile>(std::move(file.value()), charge_), position, close_on_free});
  return 0;
}

int Stager::stage_descriptors(const binder_fd_array_object& object, const ScatterGather::Buffer& parent) {
  std::uint32_t numbers[256];
  for (std::uint64_t done = 0; done < object.num_fds;) {
    const std::uint64_t count = std::min<std::uint64_t>(std::size(numbers), object.num_fds - done);
    const std::uint64_t offset = object.parent_offset + done * sizeof(std::uint32_t);
    if (!access_.read(numbers, parent.source + offset, count * sizeof(std::uint32_t))) return EINVAL;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t position = parent.room + offset + i * sizeof(std::uint32_t);
      if (const int error = stage_file(static_cast<int>(numbers[i]), position, true)) return error;
    }
    done += count;
  }
  return 0;
}

// The one copy of the data. A gap that cannot be read fails the transaction at the object behind it.
void Stager::copy_gaps() {
  Counters& counters = access_.services().counters;
  constexpr std::size_t kBatch = 64;
  iovec local[kBatch];
  client::RemotePiece remote[kBatch];
  for (std::size_t first = 0; first < gaps_.size();) {
    std::size_t count = 0;
    std::uint64_t total = 0;
    for (; count < kBatch && first + count < gaps_.size(); ++count) {
      const Gap& gap = gaps_[first + count];
      local[count] = {draft_.memory + gap.begin, gap.end - gap.begin};
      remote[count] = {data_ + gap.begin, gap.end - gap.begin};
      total += gap.end - gap.begin;
    }
    std::uint64_t done = total > 0 ? access_.read({local, count}, {remote, count}) : 0;
    if (total > 0) counters.payload_copies.fetch_add(1, std::memory_order_relaxed);
    counters.payload_bytes.fetch_add(done, std::memory_order_relaxed);
    if (done < total) {
      std::size_t i = first;
      while (done >= gaps_[i].end - gaps_[i].begin) {
        done -= gaps_[i].end - gaps_[i].begin;
        ++i;
      }
      const std::size_t object = gaps_[i].before;
      if (object < counts_.size()) {
        staged_.objects.resize(counts_[object].first);
        while (staged_.files.size() > counts_[object].second) staged_.files.pop_back();
      }
      return fail(EFAULT, __LINE__);
    }
    first += count;
  }
}

// Scatter-gather buffers: copied around the places where addresses and descriptors go.
void Stager::copy_buffers() {
  std::vector<iovec> local;
  std::vector<client::RemotePiece> remote;
  std::uint64_t total = 0;
  for (const ScatterGather::Buffer& buffer : scatter_.buffers()) {
    std::uint64_t at = 0;
    const auto copy_until = [&](std::uint64_t end) {
      if (end > at) {
        local.push_back({draft_.memory + buffer.room + at, end - at});
        remote.push_back({buffer.source + at, end - at});
        total += end - at;
      }
    };
    for (const ScatterGather::Fixup& fixup : buffer.fixups) {
      copy_until(fixup.offset);
      at = fixup.offset + fixup.size;
    }
    copy_until(buffer.length);
  }
  if (total > 0) {
    const std::uint64_t done = access_.read(local, remote);
    access_.services().counters.payload_copies.fetch_add(1, std::memory_order_relaxed);
    access_.services().counters.payload_bytes.fetch_add(done, std::memory_order_relaxed);
    if (done < total) return fail(EINVAL, __LINE__);
  }
  for (const ScatterGather::Buffer& buffer : scatter_.buffers()) {
    for (const ScatterGather::Fixup& fixup : buffer.fixups) {
      if (fixup.pointer) place(buffer.room + fixup.offset, fixup.value);
    }
  }
}

}  // namespace cuse_binder::protocol

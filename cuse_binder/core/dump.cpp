// The text of binder_logs: state, transactions and stats of one process, in the kernel's wording and column order, because
// programs parse it. Also the live-object count and the check of invariants.
#include <fmt/format.h>

#include <iterator>

#include "cuse_binder/base/check.h"
#include "cuse_binder/core/context.h"

namespace cuse_binder::core {
namespace {

class Dumper {
 public:
  Dumper(std::string& out, const Context::DumpOptions& options) : out_(out), options_(options) {}

  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  std::uint64_t shown(std::uint64_t value) const {
    if (!options_.hashed) return value;
    value ^= options_.hash_key;
    value = (value ^ (value >> 31)) * 0x7fb5d329728ea185u;
    value = (value ^ (value >> 27)) * 0x81dadef4bc2dd44du;
    return (value ^ (value >> 33)) & 0xffffffffu;
  }

  void transaction(const Process* printing, const char* prefix, const Transaction& t) {
    print("{} {}: {:016x} from {}:{} to {}:{} code {:x} flags {:x} pri {} a{} r{} elapsed {}ms", prefix, t.id, 0, t.from_pid,
          t.from_tid, t.to_process != nullptr ? t.to_process->pid : 0, t.to_thread != nullptr ? t.to_thread->tid : 0, t.code,
          t.flags, t.nice, t.oneway() ? 1 : 0, t.reply ? 1 : 0, options_.now_ms - t.started_ms);
    if (printing == nullptr || t.to_process != printing) {
      print("\n");
    } else if (t.buffer == nullptr) {
      print(" buffer free\n");
    } else {
      if (t.buffer->target != nullptr) print(" node {}", t.buffer->target->id);
      print(" size {}:{} offset {:x}\n", t.buffer->data_size, t.buffer->offsets_size, t.buffer->chunk->offset);
    }
  }

  void work(const Process* printing, const char* indent, const char* transaction_prefix, const Work& item) {
    switch (item.kind) {
      case WorkKind::transaction:
        transaction(printing, transaction_prefix, static_cast<const Transaction&>(item));
        return;
      case WorkKind::return_error:
        print("{}transaction error: {}\n", indent, static_cast<const ErrorSlot&>(item).command);
        return;
      case WorkKind::transaction_complete:
        print("{}transaction complete\n", indent);
        return;
      case WorkKind::pending_frozen:
        print("{}unknown work: type 3\n", indent);
        return;
      case WorkKind::spam_suspect:
        print("{}unknown work: type 4\n", indent);
        return;
      case WorkKind::node: {
        const auto& node = static_cast<const Node&>(item);
        print("{}node work {}: u{:016x} c{:016x}\n", indent, node.id, shown(node.ptr), shown(node.cookie));
        return;
      }
      case WorkKind::dead_binder:
        print("{}has dead binder\n", indent);
        return;
      case WorkKind::dead_binder_and_clear:
        print("{}has cleared dead binder\n", indent);
        return;
      case WorkKind::clear_death:
        print("{}has cleared death notification\n", indent);
        return;
      case WorkKind::frozen_binder:
        print("{}has frozen binder\n", indent);
        return;
      case WorkKind::clear_freeze:
        print("{}has cleared freeze notification\n", indent);
        return;
    }
  }

  void thread(const Process& process, const Thread& thread) {
    const std::size_t start = out_.size();
    print("  thread {}: l {:02x} need_return {} tr {}\n", thread.tid, thread.looper.bits, thread.must_return ? 1 : 0,
          thread.pins - thread.ioctls);
    const std::size_t header = out_.size();
    for (const Transaction* t = thread.stack; t != nullptr;) {
      if (t->from == &thread) {
        transaction(&process, "    outgoing transaction", *t);
        t = t->from_parent;
      } else if (t->to_thread == &thread) {
        transaction(&process, "    incoming transaction", *t);
        t = t->to_parent;
      } else {
        transaction(&process, "    bad transaction", *t);
        t = nullptr;
      }
    }
    for (const Work& item : thread.todo.items()) work(&process, "    ", "    pending transaction", item);
    if (!options_.all && out_.size() == header) out_.resize(start);
  }

  void node(const Node& node) {
    int holders = 0;
    for ([[maybe_unused]] const Ref& ref : node.refs) ++holders;
    // The kernel's printing itself holds the node: one more temporary reference.
    print("  node {}: u{:016x} c{:016x} hs {} hw {} ls {} lw {} is {} iw {} tr {}", node.id, shown(node.ptr), shown(node.cookie),
          node.strong != OwnerCount::untold ? 1 : 0, node.weak != OwnerCount::untold ? 1 : 0, node.local_strong, node.local_weak,
          node.internal_strong, holders, node.pins + 1);
    if (holders > 0) {
      print(" proc");
      for (const Ref& ref : node.refs) print(" {}", ref.holder.pid);
    }
    print("\n");
    for (const Work& item : node.oneway_queue) work(node.owner, "    ", "    pending async transaction", item);
  }

  void ref(const Ref& ref) {
    print("  ref {}: desc {} {}node {} s {} w {} d {:016x}\n", ref.id, ref.handle, ref.node->dead() ? "dead " : "", ref.node->id,
          ref.strong, ref.weak, ref.death ? static_cast<std::uint64_t>(ref.id) : 0);
  }

  void buffer(const Buffer& buffer) {
    print("  buffer {}: {:x} size {}:{}:{} {}\n", buffer.id, buffer.chunk->offset, buffer.data_size, buffer.offsets_size,
          buffer.extra_size, buffer.transaction != nullptr ? "active" : "delivered");
  }

 private:
  std::string& out_;
  const Context::DumpOptions& options_;
};

}  // namespace

std::string Context::dump_dead_nodes(const DumpOptions& options) const {
  std::string out;
  Dumper dumper(out, options);
  for (const auto& [id, node] : dead_nodes_) dumper.node(*node);
  return out;
}

std::string Context::dump_process(const Process& process, const DumpOptions& options) const {
  std::string out;
  Dumper dumper(out, options);
  dumper.print("proc {}\ncontext {}\n", process.pid, name_);
  const std::size_t header = out.size();
  for (const auto& [tid, thread] : process.threads) dumper.thread(process, *thread);
  for (const auto& [ptr, node] : process.nodes) {
    if (options.all || node->has_oneway) dumper.node(*node);
  }
  if (options.all) process.refs.for_each([&](const Ref& ref) { dumper.ref(ref); });
  for (const auto& [offset, buffer] : process.buffers) dumper.buffer(*buffer);
  for (const Work& item : process.todo) dumper.work(&process, "  ", "  pending transaction", item);
  if (!process.delivered_deaths.empty()) dumper.print("  has delivered dead binder\n");
  if (!process.delivered_freezes.empty()) dumper.print("  has delivered freeze binder\n");
  if (!options.all && out.size() == header) out.clear();
  return out;
}

std::string Context::dump_process_stats(const Process& process) const {
  std::string out;
  const DumpOptions options;
  Dumper dumper(out, options);
  std::size_t ready = 0;
  for ([[maybe_unused]] const Thread& thread : process.idle) ++ready;
  int strong = 0;
  int weak = 0;
  process.refs.for_each([&](const Ref& ref) {
    strong += ref.strong;
    weak += ref.weak;
  });
  std::bitset<Process::kMaxPages> used;
  for (const auto& [offset, buffer] : process.buffers) {
    for (std::uint64_t page = offset / Process::kPage; page * Process::kPage < offset + buffer->chunk->size; ++page) used.set(page);
  }
  std::size_t pending = 0;
  for (const Work& item : process.todo) pending += item.kind == WorkKind::transaction ? 1 : 0;
  const std::size_t all_pages = process.mapping.size / Process::kPage;
  const std::size_t touched = (process.touched_pages | used).count();
  dumper.print("proc {}\ncontext {}\n", process.pid, name_);
  dumper.print("  threads: {}\n  requested threads: {}+{}/{}\n  ready threads {}\n  free async space {}\n", process.threads.size(),
               process.requested_threads, process.requested_threads_started, process.max_threads, ready,
               process.allocator.free_oneway_space());
  dumper.print("  nodes: {}\n  refs: {} s {} w {}\n  buffers: {}\n", process.nodes.size(), process.refs.size(), strong, weak,
               process.buffers.size());
  dumper.print("  pages: {}:{}:{}\n  pages high watermark: {}\n", used.count(), touched - used.count(), all_pages - touched,
               process.pages_high);
  dumper.print("  pending transactions: {}\n", pending);
  for (std::size_t i = 0; i < kCommands; ++i) {
    if (process.stats.bc[i] > 0) dumper.print("  {}: {}\n", kCommandNames[i], process.stats.bc[i]);
  }
  for (std::size_t i = 0; i < kReturns; ++i) {
    if (process.stats.br[i] > 0) dumper.print("  {}: {}\n", kReturnNames[i], process.stats.br[i]);
  }
  return out;
}

const char* Context::debug_state() const {
  static thread_local std::string text;
  const DumpOptions options;
  text = dump_dead_nodes(options);
  for (const auto& [sequence, process] : processes_) text += dump_process(*process, options);
  return text.c_str();
}

LiveObjects Context::live_objects() const {
  LiveObjects live;
  live.processes = objects_.active(ObjectKind::process);
  live.threads = objects_.active(ObjectKind::thread);
  live.nodes = objects_.active(ObjectKind::node);
  live.refs = objects_.active(ObjectKind::ref);
  live.transactions = objects_.active(ObjectKind::transaction);
  live.completions = objects_.active(ObjectKind::transaction_complete);
  live.deaths = objects_.active(ObjectKind::death);
  live.freezes = objects_.active(ObjectKind::freeze);
  live.buffers = live_buffers_;
  live.parked = parked_;
  live.files = files_;
  return live;
}

void Context::check_process(const Process& process) const {
  CB_CHECK(process.mapping.size == 0 || process.allocator.consistent());
  std::size_t allocated = 0;
  process.allocator.for_each([&](std::uint64_t offset, std::uint64_t size, bool free) {
    if (free) return;
    ++allocated;
    const auto it = process.buffers.find(offset);
    CB_CHECK(it != process.buffers.end() && it->second->chunk->size == size);
  });
  CB_CHECK(allocated == process.buffers.size());
  for (const auto& [offset, buffer] : process.buffers) {
    CB_CHECK(buffer->receiver == &process && buffer->chunk->offset == offset);
    CB_CHECK(buffer->transaction == nullptr || buffer->transaction->buffer == buffer.get());
  }
  for (const auto& [tid, thread] : process.threads) {
    CB_CHECK(!thread->dead && thread->tid == tid);
    CB_CHECK(!thread->idle() || thread->waiter);
    CB_CHECK(!thread->waiter || !thread->todo.armed());  // whoever armed it must have taken the parked read
    for (const Transaction* t = thread->stack; t != nullptr;) {
      CB_CHECK(t->from == thread.get() || t->to_thread == thread.get());
      t = t->from == thread.get() ? t->from_parent : t->to_parent;
    }
  }
  for (const auto& [ptr, node] : process.nodes) {
    CB_CHECK(node->owner == &process && node->ptr == ptr);
    CB_CHECK(node->internal_strong >= 0 && node->local_strong >= 0 && node->local_weak >= 0 && node->pins >= 0);
    int strong_holders = 0;
    for (const Ref& ref : node->refs) strong_holders += ref.strong > 0 ? 1 : 0;
    CB_CHECK(strong_holders == node->internal_strong);
    CB_CHECK(node->oneway_queue.empty() || node->has_oneway);
  }
  process.refs.for_each([&](const Ref& ref) { CB_CHECK(ref.strong >= 0 && ref.weak >= 0 && ref.strong + ref.weak > 0); });
  CB_CHECK(process.outstanding >= 0);
}

void Context::check_invariants() const {
  for (const auto& [sequence, process] : processes_) check_process(*process);
  for (const auto& [id, node] : dead_nodes_) CB_CHECK(node->dead() && (node->has_refs() || node->pins > 0) && !node->queued());
}

}  // namespace cuse_binder::core

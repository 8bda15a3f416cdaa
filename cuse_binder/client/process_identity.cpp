#include "cuse_binder/client/process_identity.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "cuse_binder/base/unique_fd.h"
#include "cuse_binder/client/proc_file.h"

namespace cuse_binder::client {
namespace {

int gone_or(int error) {
  return error == ENOENT ? ESRCH : error;
}

// Inodes of the namespace that `fd` refers to and of its parents, `depth` in all, outermost first.
std::vector<std::uint64_t> namespace_chain(base::UniqueFd fd, std::size_t depth) {
  std::vector<std::uint64_t> inodes;
  while (fd && inodes.size() < depth) {
    struct stat attributes;
    if (fstat(fd.get(), &attributes) != 0) return {};
    inodes.push_back(attributes.st_ino);
    if (inodes.size() < depth) fd.reset(ioctl(fd.get(), NS_GET_PARENT));
  }
  if (inodes.size() != depth) return {};
  std::reverse(inodes.begin(), inodes.end());
  return inodes;
}

}  // namespace

base::Result<ProcessIdentity> ProcClientIdentity::process_of(pid_t tid) {
  const auto status = read_proc_file(tid, "status");
  if (!status) return base::Errno{gone_or(status.error())};
  ProcessIdentity identity;
  identity.pid = static_cast<pid_t>(std::atoi(status_field(status.value(), "Tgid").c_str()));
  std::istringstream numbers(status_field(status.value(), "NStgid"));
  for (pid_t number; numbers >> number;) identity.namespace_pids.push_back(number);
  if (identity.pid <= 0) return base::Errno{ESRCH};
  // /proc may belong to an outer namespace than the daemon's; then the list begins outside.
  const auto ours = std::find(identity.namespace_pids.begin(), identity.namespace_pids.end(), identity.pid);
  identity.namespace_pids.erase(identity.namespace_pids.begin(), ours);
  if (identity.namespace_pids.empty()) identity.namespace_pids = {identity.pid};

  base::UniqueFd pid_namespace(open(proc_path(tid, "ns/pid").c_str(), O_RDONLY | O_CLOEXEC));
  identity.namespaces = namespace_chain(std::move(pid_namespace), identity.namespace_pids.size());
  if (!identity.namespaces.empty()) identity.pid_namespace = identity.namespaces.back();

  if (auto comm = read_proc_file(identity.pid, "comm"); comm) {
    identity.command = std::move(comm.value());
    if (!identity.command.empty() && identity.command.back() == '\n') identity.command.pop_back();
  }
  return identity;
}

base::Result<std::string> ProcClientIdentity::security_context(pid_t tid) {
  auto label = read_proc_file(tid, "attr/current");
  if (label) {
    // AppArmor ends its text with a newline, the modules with real labels never contain one. To the kernel's
    // driver it has no label to offer: credentials carry no number that it could turn into text.
    if (!label.value().empty() && label.value().back() == '\n') return base::Errno{EINVAL};
    return label;
  }
  struct stat attributes;
  if (stat(proc_path(tid, "").c_str(), &attributes) != 0 || label.error() == ESRCH) return base::Errno{ESRCH};
  // The file is missing (a kernel without security modules), or nobody answers for it.
  if (label.error() == EINVAL || label.error() == ENOENT) return base::Errno{EOPNOTSUPP};
  return base::Errno{label.error()};
}

int ProcClientIdentity::nice_of(pid_t tid) {
  errno = 0;
  const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(tid));
  return errno == 0 ? nice : 0;
}

pid_t visible_pid(const ProcessIdentity& subject, const ProcessIdentity& observer) {
  if (subject.namespace_pids.empty() || observer.namespace_pids.empty()) return 0;
  const std::size_t depth = observer.namespace_pids.size() - 1;
  if (depth == 0)
    return subject.namespace_pids.front();  // the daemon's namespace sees all that the daemon sees
  if (depth >= subject.namespace_pids.size()) return 0;
  // Visible from a namespace means: living in it or in one of its descendants.
  if (subject.namespaces.size() == subject.namespace_pids.size()) {
    return subject.namespaces[depth] == observer.pid_namespace ? subject.namespace_pids[depth] : 0;
  }
  const bool same = depth + 1 == subject.namespace_pids.size() && subject.pid_namespace != 0 &&
                    subject.pid_namespace == observer.pid_namespace;
  return same ? subject.namespace_pids[depth] : 0;
}

}  // namespace cuse_binder::client

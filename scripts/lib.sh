# shellcheck shell=bash
# What the scripts here have in common. Sourced, not run.

tree=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
program=$(basename "$0")

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
  bold='' plain=''
fi

say() { printf '%s\n' "$*"; }
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
warn() { printf '%s: %s\n' "$program" "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if is_root; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    warn "this needs root, and there is no sudo: $*"
    return 1
  fi
}

# Whether as_root would work without asking anybody anything.
can_be_root() { is_root || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

debian_release() {
  # shellcheck disable=SC1091
  (. /etc/os-release 2>/dev/null && printf '%s' "${VERSION_ID:-}")
}

cpus() { nproc 2>/dev/null || echo 1; }

# Newest clang++ of Debian that brings libFuzzer along; empty if none is installed.
fuzz_compiler() {
  local version
  for version in 22 21 20 19 18 17 16; do
    if command -v "clang++-$version" >/dev/null; then
      echo "clang++-$version"
      return
    fi
  done
}

# daemon_counter LOG PID NAME: asks a running binderd for its counters and prints one of them.
daemon_counter() {
  local log=$1 pid=$2 name=$3 lines line
  lines=$(wc -l <"$log")
  kill -USR1 "$pid" || return 1
  line=$(grep -m1 "[ :]$name=" < <(timeout 20 tail -n "+$((lines + 1))" --pid="$pid" -f "$log")) || return 1
  line=${line##*[ :]"$name"=}
  echo "${line%% *}"
}

# Whether the kernel has FUSE over io_uring: "on", "off" (but there), "" (not there).
uring_state() {
  case $(cat /sys/module/fuse/parameters/enable_uring 2>/dev/null) in
    Y) echo on ;;
    N) echo off ;;
  esac
}

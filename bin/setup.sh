# Sourced by the commands beside it: finds Python, installs what Debian has and we lack, makes the environment.
# Nothing is installed without a word about it, and root is asked for only where apt needs it.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "talaia: $*"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this step needs root and there is no sudo: run it yourself as root: $*"
  fi
}

# Debian starts a server when it is installed. What we install is for our own processes only: a policy file says so
# while we install, unless the machine already has one of its own.
install_packages() {  # install_packages WHY PACKAGE...
  local why=$1 policy=/usr/sbin/policy-rc.d missing=() package placed=no
  shift
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  command -v apt-get >/dev/null || fail "$why needs ${missing[*]}; this machine has no apt-get: install them and run again"
  say "Installing from Debian, for $why: ${missing[*]}"
  if [ ! -e "$policy" ]; then
    placed=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  local status=0
  # Redmine's installation calls bundler, of which Ruby may bring a newer one that does not know Debian's gems.
  { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive BUNDLER_VERSION="$(debian_bundler)" apt-get install \
    -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"; } >&2 || status=$?
  [ "$placed" = yes ] && as_root rm -f "$policy"
  [ "$status" = 0 ] || fail "apt-get could not install ${missing[*]}; nothing else was changed"
}

debian_bundler() {
  apt-cache policy ruby-bundler | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p'
}

find_python() {
  local candidate
  for candidate in python3.11 python3 python3.12 python3.13; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      PYTHON=$(command -v "$candidate")
      return 0
    fi
  done
  install_packages "running Talaia" python3
  PYTHON=$(command -v python3)
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Talaia needs Python 3.11 or newer; $PYTHON is older"
}

# make_environment LOCKFILE: .venv holds exactly what the lock file names, checked by its hashes, and Talaia itself.
make_environment() {
  local lock=$1 stamp=.venv/installed-from
  find_python
  if [ -f "$stamp" ] && cat "$lock" pyproject.toml | cmp -s - "$stamp"; then
    return 0
  fi
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || install_packages "the Python environment" python3-venv
  say "Making the Python environment in .venv from $lock (once; about a minute)"
  [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
  # The lock names everything: resolving it once more would only trip over extras, which a lock does not spell.
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 --no-deps --require-hashes -r "$lock"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  cat "$lock" pyproject.toml >"$stamp"
}

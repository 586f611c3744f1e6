#!/bin/bash
# Installs the servers and tools of the live tests on Debian 12: once per machine, as root. Does nothing if all is there.
#
#   Prosody 0.12, ejabberd's dependencies, dnsmasq, openssl, Chromium   from bookworm, by apt
#   Prosody 13, ejabberd 24.12                                          from bookworm-backports, unpacked under a folder
#   python-omemo with its backends, for the system's Python             from bookworm, by apt, if it has them
#   libomemo-c, and what compiles a program with it                     from bookworm, by apt, if it has them
#
# The newer servers are unpacked instead of installed so that both generations stay side by side and the machine's own
# packages and apt sources keep their state. The folder is $COUPLET_SERVERS, /opt/couplet-servers unless set.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

prefix=${COUPLET_SERVERS:-/opt/couplet-servers}
# Bump when what is unpacked under the folder changes: an older stamp means "unpack again".
generation=1
# prosody and ejabberd also bring what their newer versions need: Lua with its libraries, and Erlang/OTP 25.
packages=(prosody prosody-modules ejabberd dnsmasq-base openssl chromium ca-certificates libxml2-utils)
# Whom the tests of OMEMO talk with. Where apt cannot give them those tests are skipped, and say what they miss.
peers=(python3-omemo python3-twomemo python3-oldmemo python3-xmlschema libomemo-c-dev libssl-dev gcc libc6-dev)

missing_of() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}
missing_packages() { missing_of "${packages[@]}"; }
missing_peers() { missing_of "${peers[@]}"; }

unpacked() { [ "$(cat "$prefix/generation" 2>/dev/null)" = "$generation" ]; }

refuse() { printf '%s\n' "install.sh: $1" "${@:2}" >&2; exit 1; }

debian=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-}") || debian=unknown
[ "$debian" = 'debian 12' ] || refuse "the live servers are installed from Debian 12 packages, and this is \"$debian\"." \
  'Run the live tests on Debian 12 (a container will do); all other tests run anywhere.'

mapfile -t missing < <(missing_packages)
mapfile -t absent < <(missing_peers)
without_peers() { [ ${#absent[@]} = 0 ] || echo "install.sh: SKIPPED, and so are the tests with them: ${absent[*]}" >&2; }
if [ ${#missing[@]} = 0 ] && unpacked && { [ ${#absent[@]} = 0 ] || [ "$(id -u)" != 0 ]; }; then
  without_peers
  echo "install.sh: everything is installed already ($prefix)"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  [ ${#missing[@]} = 0 ] || echo "missing packages: ${missing[*]}" >&2
  unpacked || echo "missing in $prefix: Prosody 13, ejabberd 24.12" >&2
  refuse 'installing needs root. Run:' "  sudo COUPLET_SERVERS=$prefix $(realpath "$0")"
fi

work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
own_policy=
cleanup() {
  rm -rf "$work"
  [ -z "$own_policy" ] || rm -f "$policy"
}
trap cleanup EXIT

apt() { apt-get --quiet --quiet -o DPkg::Lock::Timeout=600 -o APT::Sandbox::User=root "$@"; }

install_packages() {
  # Debian starts a service as soon as it is installed, unless this file says no.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    own_policy=yes
  fi
  apt update
  [ ${#missing[@]} = 0 ] || apt install --yes --no-install-recommends "${missing[@]}" >/dev/null
  local name # one by one: those that apt has do not go without because of one that it has not
  for name in "${absent[@]}"; do apt install --yes --no-install-recommends "$name" >/dev/null || true; done
}

# Everything apt needs to read bookworm-backports, in a folder of its own: signatures are checked as usual, /etc/apt and
# the machine's package lists are not touched. The mirror is the one this machine already uses for bookworm.
private_apt() {
  local mirror suite
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Label: Debian' | sort -u | sed -n 1p)
  [ -n "$mirror" ] || refuse 'apt knows no mirror of Debian bookworm: check /etc/apt and run apt-get update'
  mkdir -p "$work"/lists/partial "$work"/cache/archives/partial "$work"/debs
  for suite in bookworm bookworm-backports; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror%/} $suite main"
  done >"$work/sources.list"
  backports=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o Debug::NoLocking=1)
  apt "${backports[@]}" update
}

unpack_servers() {
  local wanted deb tree=$work/tree script
  private_apt
  # What an upgrade of ejabberd would bring along: itself and the Erlang libraries that bookworm's are too old for.
  wanted=$(apt-get "${backports[@]}" --simulate install --no-install-recommends -t bookworm-backports ejabberd |
    awk '/^Inst/ { print $2 "/bookworm-backports" }')
  [ -n "$wanted" ] || refuse 'bookworm-backports offers no newer ejabberd than the installed one.' \
    'If this machine has it from bookworm-backports, remove it first.'
  # shellcheck disable=SC2086 # a list of package names
  (cd "$work/debs" && apt "${backports[@]}" download prosody/bookworm-backports prosody-modules/bookworm-backports $wanted)
  mkdir -p "$tree/prosody13" "$tree/ejabberd24"
  for deb in "$work"/debs/*.deb; do
    case ${deb##*/} in
      prosody*) dpkg-deb --extract "$deb" "$tree/prosody13" ;;
      ejabberd_* | erlang-*) dpkg-deb --extract "$deb" "$tree/ejabberd24" ;;
    esac
  done
  # Prosody's start scripts carry absolute paths.
  for script in prosody prosodyctl; do
    sed -i -E "s#'(/usr/lib|/etc|/var/lib)/prosody#'$prefix/prosody13\1/prosody#" "$tree/prosody13/usr/bin/$script"
  done
  mkdir -p "$prefix"
  rm -rf "$prefix/generation" "$prefix/prosody13" "$prefix/ejabberd24"
  mv "$tree/prosody13" "$tree/ejabberd24" "$prefix/"
  chmod -R a+rX "$prefix"
  echo "$generation" >"$prefix/generation"
}

[ ${#missing[@]} = 0 ] && [ ${#absent[@]} = 0 ] || install_packages
unpacked || unpack_servers

mapfile -t missing < <(missing_packages)
[ ${#missing[@]} = 0 ] && unpacked || refuse "still missing after the installation: ${missing[*]:-unpacked servers}"
mapfile -t absent < <(missing_peers)
without_peers
echo "install.sh: installed ($prefix)"

#!/usr/bin/env bash
# unpack.sh FOLDER PACKAGE…: unpacks Debian packages and what they need into FOLDER/root, for tests and benches to run.
# Nothing is installed, no service starts, no system file changes. Says on stderr what could not be had, and exits with 0:
# whoever wants the programs looks for them, and for installed ones.
set -euo pipefail
folder=$1
shift
apt=(apt-get -qq -o APT::Sandbox::User=root)

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
  echo "No apt-get and dpkg here, so of these only what is installed: $*" >&2
  exit 0
fi

wanted() { "${apt[@]}" install -s --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p'; }
fetch() {
  local list
  list=$(wanted "$@") || return 1
  [ -z "$list" ] || (cd "$folder/archives" && xargs "${apt[@]}" download <<<"$list")
}

echo "Unpacking $* into $folder"
rm -rf "$folder"
mkdir -p "$folder/archives" "$folder/root"
if ! fetch "$@" 2>/dev/null && ! { [ "$(id -u)" = 0 ] && "${apt[@]}" update && fetch "$@"; }; then
  rm -rf "$folder"
  echo "apt-get does not bring $*: sudo apt-get update, or install them by hand" >&2
  exit 0
fi
for one in "$folder"/archives/*.deb; do
  [ -e "$one" ] && dpkg -x "$one" "$folder/root"
done
rm -rf "$folder/archives"
touch "$folder/.ready"

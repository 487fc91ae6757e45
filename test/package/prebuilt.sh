#!/usr/bin/env bash
# Installs glpose with its prebuilt addon from tarballs in an empty folder, and uses it there. On the PATH are Node and npm only: no
# compiler, no CMake, no ffmpeg. No install script runs, as with npm 12. How long it all takes is printed.
#
#   prebuilt.sh <glpose's tarball> <tarball of the addon's package for this platform>
set -euo pipefail
glpose=$(realpath "$1") addon=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "prebuilt: $*" >&2; exit 1; }

mkdir "$work/bin" "$work/empty" && cd "$work/empty"
for program in node npm; do ln -s "$(command -v "$program")" "$work/bin/$program"; done
cache=$(npm config get cache)
bare() { env -i HOME="$work" PATH="$work/bin" npm_config_cache="$cache" "$@"; }

TIMEFORMAT='prebuilt: from nothing to poses in %R s (of the processor: %U s, and %S s of the system)'
time {
  echo '{ "private": true }' >package.json
  bare npm install --silent --ignore-scripts --prefer-offline --no-audit --no-fund "$glpose" "$addon" || fail 'npm install failed'
  bare node_modules/.bin/glpose infer node_modules/glpose/samples/walking.mp4 --every 12 --format csv -o out
}
[ "$(wc -l <out/csv/walking.csv)" -gt 10 ] || fail 'no poses'
[ ! -e node_modules/glpose/build ] || fail 'something was compiled'
[ ! -e node_modules/glpose/node_modules/@glpose ] || fail 'the addon is installed twice'
bare node_modules/.bin/glpose doctor | grep 'native addon .*prebuilt, of @glpose/' || fail 'doctor does not name the package'
(cd node_modules/glpose && bare node native/install.js) || fail 'the install script wants to compile, where npm runs it'

#!/usr/bin/env bash
# Packs glpose as `npm publish` would, installs the tarball in an empty folder, and uses it there as a newcomer does: from the
# command line, from an ES module, from CommonJS, from TypeScript in both: compiled there, and with a prebuilt addon (prebuilt.sh).
# Needs node_modules of this checkout (npm ci).
#
#   pack.sh [folder [prebuilt …]]     where the tarball goes once it has passed; the addons' packages that it shall name (prebuild.mjs).
#                                     Without any: one made of this checkout's own addon, for this machine only
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "pack: $*" >&2; exit 1; }

git clone -q "$root" "$work/source"
ln -s "$root/node_modules" "$work/source/node_modules"
cd "$work/source"
mkdir "$work/prebuilt"
if [ $# -gt 1 ]; then cp "${@:2}" "$work/prebuilt"; else
  node --input-type=module -e "
    import { packAddon } from '$root/scripts/prebuilt/package.mjs';
    import { createRequire } from 'node:module';
    const { builtAddon } = createRequire('$root/')('./native/locate.cjs');
    packAddon('$root', builtAddon('$root'), process, '$work', '$work/prebuilt');"
fi
# The addons' packages are there once a release has been published; the repository's own package.json cannot name them before.
for prebuilt in "$work"/prebuilt/*.tgz; do
  manifest=$(tar -xzOf "$prebuilt" package/package.json)
  npm pkg set "$(node -p 'const { name, version } = JSON.parse(process.argv[1]); `optionalDependencies.${name}=${version}`' "$manifest")"
done
npm pack --silent --pack-destination "$work" >/dev/null # runs `prepare`, which builds
tarball=$(ls "$work"/glpose-*.tgz)
tar -tzf "$tarball" | sed 's,^package/,,' | sort >"$work/files"
for needed in bin/glpose.js dist/src/index.js dist/src/index.d.ts dist/commonjs/index.js dist/glpose.1 native/build.js \
  native/CMakeLists.txt models/glpose-movenet/config.json samples/walking.mp4 docs/quick-start.md README.md LICENSE; do
  grep -qx "$needed" "$work/files" || fail "$needed is not in the package"
done
if grep -E '^(src|test|training|scripts|\.ci|dist/test|native/test|build)/|/reference\.cpp$|^native/(kernels|resources|gpu-costs|arm64-loops)\.js$|\.map$|\.tsbuildinfo$|\.onnx\.tmp$' "$work/files"; then
  fail 'the package holds files that nobody needs'
fi
echo "pack: $(wc -l <"$work/files") files, $(du -h "$tarball" | cut -f1)"

mkdir "$work/empty" && cd "$work/empty"
npm init -y >/dev/null
ONNXRUNTIME_NODE_INSTALL=skip GLPOSE_BUILD=source GLPOSE_CUDA=off npm install --silent "$tarball" >"$work/install.log" 2>&1 ||
  { cat "$work/install.log"; fail 'npm install of the tarball failed'; }
node -e "process.exit(require('./node_modules/glpose/build/Release/glpose.node').info().cuda.compiled ? 1 : 0)" ||
  fail 'CUDA was compiled in, though GLPOSE_CUDA=off'
npx --no-install glpose infer node_modules/glpose/samples/walking.mp4 --every 12 --format posetrack18,csv -o out
[ "$(wc -l <out/csv/walking.csv)" -gt 10 ] || fail 'no poses'
[ -e node_modules/glpose/dist/glpose.1 ] || fail 'no manual page'

cat >use.mjs <<'JS'
import { estimateVideo, GlposeError, loadModel, openFrames } from 'glpose';
const model = await loadModel();
const video = await openFrames('node_modules/glpose/samples/walking.mp4');
for await (const { people } of estimateVideo(video, model, { every: 24 })) {
  if (people.length === 0) throw new Error('nobody');
}
await video.close();
await model.dispose();
const error = await loadModel('nothing').catch((thrown) => thrown);
if (!(error instanceof GlposeError) || error.code !== 'MODEL') throw error;
JS
node use.mjs
node -e "
  const { loadModel, VERSION } = require('glpose');
  if (typeof loadModel !== 'function' || VERSION !== require('glpose/package.json').version) process.exit(1);
" || fail "require('glpose') does not work"

cat >types.cts <<'TS'
import { estimateVideo, GlposeError, loadModel, openFrames, type FramePoses } from 'glpose';
export async function poses(file: string): Promise<FramePoses[]> {
  const [model, video] = [await loadModel(), await openFrames(file)];
  const all: FramePoses[] = [];
  for await (const frame of estimateVideo(video, model)) all.push(frame);
  const wrong: number = all[0].people[0].trackId;
  return wrong > 0 ? all : [];
}
export const isOurs = (thrown: unknown): boolean => thrown instanceof GlposeError && thrown.code === 'INPUT';
TS
cp types.cts types.mts
for module in node16 node18 nodenext; do
  node "$root/node_modules/typescript/bin/tsc" --noEmit --strict --module $module --target es2022 --lib es2023,esnext.disposable \
    --types node --typeRoots "$root/node_modules/@types" types.cts types.mts || fail "types do not resolve with --module $module"
done
echo 'pack: the packed package works from the command line, ES modules, CommonJS and TypeScript'

here=$(node -p '`${process.platform}-${process.arch}`')
"$root/test/package/prebuilt.sh" "$tarball" "$work"/prebuilt/glpose-"$here"-*.tgz
if [ $# -gt 0 ]; then cp "$tarball" "$1"; fi

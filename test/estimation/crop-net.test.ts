import type { ExtractorConfig } from '../../src/bundle/config.js';
import { CropNet } from '../../src/estimation/crop-net.js';
import { windowOf } from '../../src/geometry/window.js';
import { addon } from '../../src/native/binding.js';
import { cutWindow } from '../../src/native/cut-window.js';
import type { CutWindows, DeviceWindows, ImageWindow } from '../../src/onnx/device-windows.js';
import type { OnnxSession } from '../../src/onnx/runtime.js';

const INPUT: ExtractorConfig['input'] = { name: 'image', width: 6, height: 8, mean: [0, 0, 0], std: [1, 1, 1] };
const IMAGE = { index: 0, width: 20, height: 20, data: Uint8Array.from({ length: 1200 }, (_, i) => i % 251) };
const BOX = { x: 4, y: 6, width: 8, height: 5 };

/** A session that cuts windows by itself, and what it was given. */
function device(): { session: OnnxSession; given: (readonly ImageWindow[] | CutWindows)[] } {
  const given: (readonly ImageWindow[] | CutWindows)[] = [];
  const run: DeviceWindows['run'] = async (windows, _others, names, use) => {
    // What was cut may be overwritten after the run.
    given.push('crops' in windows ? { ...windows, crops: windows.crops.slice() } : windows);
    const count = 'crops' in windows ? windows.count : windows.length;
    return use(Object.fromEntries(names.map((name) => [name, { dims: [count, 1], data: new Float32Array(count) }])));
  };
  const buffers = { take: (length: number) => new Float32Array(length), give: () => {} };
  return { session: { width: 1, buffers, windows: { run } } as unknown as OnnxSession, given };
}

test('a device cuts upright windows itself, and is given turned ones as they lie', async () => {
  const { session, given } = device();
  const net = new CropNet(addon(), session, INPUT, ['features'], 4);
  const look = (turn: 0 | 1): Promise<unknown> =>
    net.extract(IMAGE, [{ window: windowOf(BOX, net.aspect, turn) }], () => null);
  await look(0);
  await look(1);
  expect(given).toHaveLength(2);
  expect('crops' in given[0]).toBe(false);
  const expected = await cutWindow(addon(), IMAGE, windowOf(BOX, net.aspect, 1), INPUT);
  expect([...(given[1] as CutWindows).crops]).toEqual([...expected]);
});

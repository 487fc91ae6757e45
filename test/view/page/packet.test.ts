import { pack, unpack } from '../../../src/view/page/packet.js';

test('header and bytes come back, also from the middle of a buffer', () => {
  const header = { name: '</script>"\u2028 é 日本', list: [1, null] };
  const packet = pack(header, Uint8Array.from([1, 2, 3]));
  const inside = new Uint8Array(packet.length + 5);
  inside.set(packet, 5);
  const { header: read, bytes } = unpack<typeof header>(inside.subarray(5));
  expect(read).toEqual(header);
  expect([...bytes]).toEqual([1, 2, 3]);
});

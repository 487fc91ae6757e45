/*
 * A header and bytes as one run of bytes: four bytes with the length of the header (little endian), the header as JSON, the
 * bytes. Whatever stands in the header never meets an HTML parser. Runs in Node and in browsers.
 */

export function pack(header: object, bytes: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const packet = new Uint8Array(4 + text.length + bytes.length);
  new DataView(packet.buffer).setUint32(0, text.length, true);
  packet.set(text, 4);
  packet.set(bytes, 4 + text.length);
  return packet;
}

/** The bytes are a view of the packet. */
export function unpack<Header>(packet: Uint8Array): { header: Header; bytes: Uint8Array } {
  const length = new DataView(packet.buffer, packet.byteOffset).getUint32(0, true);
  const text = new TextDecoder().decode(packet.subarray(4, 4 + length));
  return { header: JSON.parse(text) as Header, bytes: packet.subarray(4 + length) };
}

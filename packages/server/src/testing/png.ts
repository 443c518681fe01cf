import { crc32, deflateSync } from 'node:zlib';

/** A chunk of a PNG. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A grey picture as a `data:` address, with further chunks, and whatever is to stand behind its end. */
export function pngOf(width: number, height: number, more: readonly Uint8Array[] = [], behind = ''): string {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const lines = deflateSync(Buffer.alloc(Math.min(height * (width + 1), 10_000), 0x60));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [
    signature,
    pngChunk('IHDR', head),
    ...more,
    pngChunk('IDAT', lines),
    pngChunk('IEND', Buffer.alloc(0)),
    Buffer.from(behind),
  ];
  return `data:image/png;base64,${Buffer.concat(parts).toString('base64')}`;
}

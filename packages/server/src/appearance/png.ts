/** A picture for pages: a PNG that stands still. */
export interface Png {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** As many as fit into a request of the admin API, in Base64. */
export const MAX_PNG_BYTES = 36_864;
const MAX_WIDTH = 1_024;
const MAX_HEIGHT = 512;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const HEAD = 8;
/** Length, type and check sum of a chunk. */
const AROUND = 12;

/**
 * Reads `data:image/png;base64,…`: the one kind of picture that no browser takes for a document or a script, and that is never larger on a page than its first bytes
 * say. Its chunks are walked to the end: nothing hangs on behind it.
 *
 * @returns why it is not one that pages may show
 */
export function readPng(text: string): Png | string {
  const [, base64] = /^data:image\/png;base64,([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (base64 === undefined) return 'is not data:image/png;base64,…';
  if (base64.length > Math.ceil(MAX_PNG_BYTES / 3) * 4) return `is larger than ${MAX_PNG_BYTES} bytes`;
  const bytes = Buffer.from(base64, 'base64');
  if (SIGNATURE.some((byte, at) => bytes[at] !== byte)) return 'is no PNG';
  const chunks = chunksOf(bytes);
  if (chunks === undefined || chunks[0] !== 'IHDR' || chunks.at(-1) !== 'IEND' || !chunks.includes('IDAT')) return 'is no whole PNG';
  if (chunks.includes('acTL')) return 'moves: pictures stand still here';
  const [width, height] = [bytes.readUInt32BE(HEAD + 8), bytes.readUInt32BE(HEAD + 12)];
  if (width < 1 || height < 1 || width > MAX_WIDTH || height > MAX_HEIGHT) return `is not 1 to ${MAX_WIDTH} by 1 to ${MAX_HEIGHT} pixels`;
  return { width, height, bytes };
}

/** The types of its chunks; undefined where they do not go to the end, or beyond it. */
function chunksOf(bytes: Buffer): readonly string[] | undefined {
  const types: string[] = [];
  let at = HEAD;
  while (at + AROUND <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (types.length === 0 && (type !== 'IHDR' || length !== 13)) return undefined;
    at += AROUND + length;
    types.push(type);
    if (type === 'IEND') break;
  }
  return at === bytes.length ? types : undefined;
}

/**
 * The lines of a file that anybody may have written. They end with LF alone: JSON has other ends of lines (U+2028) within its texts. Of one that is longer than `max` bytes, `max` and one more are kept.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, max: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (part: Uint8Array): void => {
    const kept = part.subarray(0, Math.max(0, max + 1 - length));
    if (kept.length > 0) parts.push(kept);
    length += kept.length;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      keep(chunk.subarray(from, end));
      yield Buffer.concat(parts).toString();
      [parts, length, from] = [[], 0, end + 1];
    }
    keep(chunk.subarray(from));
  }
  if (length > 0) yield Buffer.concat(parts).toString();
}

const LF = 0x0a;

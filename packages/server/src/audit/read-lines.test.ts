import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLines } from './read-lines.ts';

async function linesOf(chunks: Iterable<Uint8Array>, max = 10): Promise<string[]> {
  const lines: string[] = [];
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  };
  for await (const line of readLines(stream(), max)) lines.push(line);
  return lines;
}

test('lines end with LF alone, wherever the chunks do', async () => {
  const text = Buffer.from('ab\u2028\n\n漢字\u0085\r\nlast');
  const expected = ['ab\u2028', '', '漢字\u0085\r', 'last'];
  for (const size of [1, 2, 3, 7, 100]) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.subarray(index * size, (index + 1) * size));
    assert.deepEqual(await linesOf(chunks), expected, String(size));
  }
  assert.deepEqual(await linesOf([Buffer.from('a\n')]), ['a']);
  assert.deepEqual(await linesOf([]), []);
});

test('of a line without an end no more is held than may be in one', async () => {
  const chunk = new Uint8Array(1_048_576).fill(0x61);
  const endless = function* (): Generator<Uint8Array> {
    // More than a text can hold.
    for (let count = 0; count < 600; count += 1) yield chunk;
    yield Buffer.from('\nb\n');
  };
  assert.deepEqual(await linesOf(endless()), ['a'.repeat(11), 'b']);
});

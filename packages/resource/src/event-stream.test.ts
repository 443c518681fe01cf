import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEventStream } from './event-stream.ts';

async function read(chunks: readonly Uint8Array[], max = 1_000): Promise<readonly string[]> {
  const messages: string[] = [];
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  };
  for await (const { data } of readEventStream(body(), max)) messages.push(data);
  return messages;
}

test('messages are read as the standard has it, with any end of line and wherever the chunks are cut (WHATWG HTML §9.2.6)', async () => {
  const text = ': hello\n\nid: 1\ndata: one\n\ndata:two\r\ndata: and more\r\nretry: 5\r\n\r\nevent: x\rdata\rdata: é\r\rdata: not ended';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 }), async (sizes) => {
      const bytes = Buffer.from(text);
      const chunks: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(await read(chunks), ['one', 'two\nand more', '\né']);
    }),
  );
});

test('a message, or a line, that does not end is given up (WHATWG HTML §9.2.5)', async () => {
  await assert.rejects(read([Buffer.from(`data: ${'x'.repeat(2_000)}`)]), TypeError);
  await assert.rejects(read(Array.from({ length: 100 }, () => Buffer.from(`data: ${'x'.repeat(50)}\n`))), TypeError);
  await assert.rejects(read([Buffer.of(0xff, 0xfe)]), TypeError);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE_POLICY, FrameBoundary } from './websocket-frames.ts';

/** A frame of a server, or masked as a client's. */
function frame(length: number, isMasked = false): Uint8Array {
  const mask = isMasked ? 0x80 : 0;
  const head =
    length < 126
      ? [0x82, mask | length]
      : length < 65_536
        ? [0x82, mask | 126, length >> 8, length & 0xff]
        : [0x82, mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Uint8Array.from([...head, ...(isMasked ? [1, 2, 3, 4] : []), ...Buffer.alloc(length, 0x88)]);
}

test('the end of a frame is known whatever its length, and wherever the bytes are cut (RFC 6455 §5.2)', () => {
  for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    for (const isMasked of [false, true]) {
      const bytes = frame(size, isMasked);
      for (const step of [1, 3, 7, bytes.length]) {
        if (step < 3 && size > 1_000) continue;
        const frames = new FrameBoundary();
        for (let at = 0; at < bytes.length; at += step) {
          assert.equal(frames.isOpen, at === 0, `${size} after ${at}`);
          frames.pass(bytes.subarray(at, at + step));
        }
        assert.equal(frames.isOpen, true, `${size} in steps of ${step}`);
      }
    }
  }
});

test('many frames in one piece, and a part of the next', () => {
  const frames = new FrameBoundary();
  frames.pass(Uint8Array.from([...frame(3), ...frame(200), ...frame(0), 0x81]));
  assert.equal(frames.isOpen, false);
  frames.pass(Uint8Array.from([0]));
  assert.equal(frames.isOpen, true);
  frames.pass(Uint8Array.from([0x89, 0]));
  assert.equal(frames.isOpen, true, 'a ping closes nothing');
  frames.pass(CLOSE_POLICY);
  assert.equal(frames.isOpen, false, 'nothing is said behind a close frame (RFC 6455 §5.5.1)');
  assert.equal(CLOSE_POLICY.readUInt16BE(2), 1008, 'RFC 6455 §7.4.1');
});

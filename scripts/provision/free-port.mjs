// @ts-check
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port of the loopback address, below what systems take for connections that go out: one of those must not have it when it is listened
 * to a moment later, or once more.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(15_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.on('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error('no port is free');
}

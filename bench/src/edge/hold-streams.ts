/** A process that holds event streams open and reads them: told `{ port, count, tokens }` it opens or closes until there are so many, and says when. */
import { connect, type Socket } from 'node:net';
import { isMembers } from '../json.ts';
import { LONG_STREAM } from './work.ts';

/** Opened at a time. */
const AT_ONCE = 100;

const open: Socket[] = [];

async function openOne(port: number, token: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  open.push(socket);
  socket.write(
    `GET ${LONG_STREAM} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('a stream was closed before its time')));
    socket.on('data', (chunk) => {
      const status = chunk.toString('latin1', 9, 12);
      if (status === '200') resolve();
      else reject(new Error(`a stream begins with ${chunk.toString('latin1', 0, 200)}`));
    });
  });
}

async function hold(port: number, count: number, tokens: readonly unknown[]): Promise<void> {
  for (const socket of open.splice(count)) socket.removeAllListeners('close').destroy();
  while (open.length < count) {
    const more = Math.min(AT_ONCE, count - open.length);
    await Promise.all(Array.from({ length: more }, (_, at) => openOne(port, String(tokens[(open.length + at) % tokens.length]))));
  }
}

process.on('message', (order) => {
  if (!isMembers(order) || !Array.isArray(order['tokens'])) throw new TypeError('no order');
  hold(Number(order['port']), Number(order['count']), order['tokens']).then(
    () => process.send?.({ answer: open.length }),
    (error: unknown) => {
      process.stderr.write(String(error));
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });

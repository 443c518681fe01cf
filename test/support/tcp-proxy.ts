import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What stands before a server and makes the way to it long, or nobody's. */
export interface TcpProxy {
  readonly port: number;
  /** Milliseconds that each piece takes, each way, in order. */
  delayMs: number;
  /** `cut`: nobody is let in, and who is in is put out. `stalled`: nothing comes back. */
  line: 'whole' | 'cut' | 'stalled';
  /** Ends every connection in the middle. */
  sever(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const pass = (from: Socket, to: Socket, isAnswer: boolean): void => {
    let last = Promise.resolve();
    from.on('data', (piece) => {
      const due = performance.now() + proxy.delayMs;
      last = last.then(async () => {
        const waitMs = due - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        while (isAnswer && proxy.line === 'stalled' && !to.destroyed) await sleep(5);
        if (!to.destroyed) to.write(piece);
      });
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      open.delete(from);
      to.destroy();
    });
  };
  const server = createServer((socket) => {
    if (proxy.line === 'cut') return void socket.destroy();
    const onward = connect(upstreamPort, '127.0.0.1');
    for (const one of [socket, onward]) open.add(one.setNoDelay());
    pass(socket, onward, false);
    pass(onward, socket, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const proxy: TcpProxy = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    delayMs: 0,
    line: 'whole',
    sever() {
      for (const socket of open) socket.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
  return proxy;
}

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sleep } from '../clock.ts';

/** Of a whole process, bytes, after everything that nobody holds has been let go. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
  /** Buffers and what else lies outside the heap. */
  readonly external: number;
}

/** Makes this process answer each message with what it holds. */
export function answerMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const look = async (): Promise<Memory> => {
    for (let i = 0; i < 3; i++) {
      if (typeof collect === 'function') collect();
      await sleep(50);
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed, external };
  };
  process.on('message', () => {
    void look().then((answer) => process.send?.({ answer }));
  });
}

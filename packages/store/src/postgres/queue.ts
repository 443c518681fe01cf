import { StoreUnavailable } from '../port.ts';

/**
 * One at a time for each key, in the order in which they came: whoever would wait for the same row waits here, without a connection. At most `MAX_WAITING` wait for one key.
 */
export function queueByKey(): <T>(key: string, act: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Line>();
  return async (key, act) => {
    const line = lines.get(key) ?? { waiting: 0, last: Promise.resolve() };
    if (line.waiting > MAX_WAITING) throw new StoreUnavailable(`${MAX_WAITING} already wait for the same`);
    lines.set(key, line);
    line.waiting += 1;
    const turn = line.last.then(act);
    line.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) lines.delete(key);
    }
  };
}

interface Line {
  waiting: number;
  last: Promise<unknown>;
}

const MAX_WAITING = 64;

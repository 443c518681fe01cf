import type { SQLInputValue } from 'node:sqlite';
import { Connection, type Lazy } from './connection.ts';

export type Method = 'get' | 'all' | 'run';

/** Test equipment: a connection that notes what is asked on it. The answer is a row, rows, or for `run` how many rows changed. */
export class TracedConnection extends Connection {
  readonly steps: [sql: string, method: Method, values: readonly SQLInputValue[], answer: unknown][] = [];

  override lazy(sql: string): Lazy {
    const prepare = super.lazy(sql);
    const note = (method: Method, values: readonly SQLInputValue[], answer: unknown): void =>
      void this.steps.push([sql, method, values, answer]);
    return () =>
      new Proxy(prepare(), {
        get: (statement, name) => {
          if (name === 'run')
            return (...values: SQLInputValue[]) => {
              const result = statement.run(...values);
              note('run', values, result.changes);
              return result;
            };
          if (name !== 'get' && name !== 'all') return Reflect.get(statement, name);
          return (...values: SQLInputValue[]) => {
            const answer = statement[name](...values);
            note(name, values, answer);
            return answer;
          };
        },
      });
  }
}

import { isDeepStrictEqual } from 'node:util';

/** Test equipment: a statement as one version of this code has asked it, with the answer that it got. */
export type Step = readonly [sql: string, method: string, values: readonly unknown[], answer: unknown];

/** A line a step. A statement is written where it is first asked, with one space for any white space, and is its number afterwards. */
export function writeTrace(steps: readonly Step[]): string {
  const numbers = new Map<string, number>();
  const lines = steps.map(([sql, ...rest]) => {
    const text = sql.replaceAll(/\s+/g, ' ');
    const known = numbers.get(text);
    if (known === undefined) numbers.set(text, numbers.size);
    return JSON.stringify([known ?? text, ...rest], writeBytes);
  });
  return `${lines.join('\n')}\n`;
}

export function readTrace(text: string): readonly Step[] {
  const statements: string[] = [];
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [first, method, values, answer] = JSON.parse(line, readBytes) as [string | number, string, unknown[], unknown];
      if (typeof first === 'string') statements.push(first);
      const sql = typeof first === 'string' ? first : statements[first];
      if (sql === undefined) throw new TypeError(`no statement ${first}`);
      return [sql, method, values, answer];
    });
}

/** Whether an answer is what the trace tells; rows may come in any order. */
export function isSameAnswer(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(sorted(one), sorted(other));
}

function sorted(answer: unknown): unknown {
  const plain: unknown = JSON.parse(JSON.stringify([answer], writeBytes))[0];
  return Array.isArray(plain) ? plain.map((row) => JSON.stringify(row)).toSorted() : plain;
}

/** A Buffer has become an object before it comes here. */
function writeBytes(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { type: 'Buffer', data: [...value] };
  return value;
}

function readBytes(_: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
  return isBytes && Array.isArray(value.data) ? Uint8Array.from(value.data as number[]) : value;
}

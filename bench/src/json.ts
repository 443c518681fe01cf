/** Readers for what other processes and servers sent: `unknown` in, typed out, a `TypeError` naming the place otherwise. */

export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readMembers(text: string, what: string): Members {
  const value: unknown = JSON.parse(text);
  if (!isMembers(value)) throw new TypeError(`${what} is not a JSON object`);
  return value;
}

export function readText(members: Members, name: string): string {
  const value = members[name];
  if (typeof value !== 'string') throw new TypeError(`${name} is not a string: ${JSON.stringify(value)}`);
  return value;
}

export function readTexts(members: Members, name: string): string[] {
  const value = members[name];
  if (!Array.isArray(value)) throw new TypeError(`${name} is not an array`);
  return value.map((item: unknown) => {
    if (typeof item !== 'string') throw new TypeError(`${name} holds something that is not a string`);
    return item;
  });
}

export function readNumber(members: Members, name: string): number {
  const value = members[name];
  if (typeof value !== 'number') throw new TypeError(`${name} is not a number: ${JSON.stringify(value)}`);
  return value;
}

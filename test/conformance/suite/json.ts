import assert from 'node:assert/strict';

export type Json = Readonly<Record<string, unknown>>;

/** Reads a JSON object of unknown members. Fails where the text is something else. */
export function readObject(text: string, what: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    assert.fail(`${what} is not JSON: ${text.slice(0, 200)}`);
  }
  return asObject(value, what);
}

export function asObject(value: unknown, what: string): Json {
  assert.ok(isObject(value), `${what} is not a JSON object: ${JSON.stringify(value)}`);
  return value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asText(value: unknown, what: string): string {
  assert.ok(typeof value === 'string' && value !== '', `${what} is missing, or no text: ${JSON.stringify(value)}`);
  return value;
}

export function asNumber(value: unknown, what: string): number {
  assert.ok(typeof value === 'number' && Number.isFinite(value), `${what} is missing, or no number: ${JSON.stringify(value)}`);
  return value;
}

export function asTexts(value: unknown, what: string): readonly string[] {
  assert.ok(
    Array.isArray(value) && value.every((item) => typeof item === 'string'),
    `${what} is no list of texts: ${JSON.stringify(value)}`,
  );
  return value;
}

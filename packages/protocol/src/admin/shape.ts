/**
 * Shapes of the admin API: JSON Schemas (2020-12) that know the type of what they describe. They are plain objects: the server compiles them, `openapi.json` prints
 * them, and a client needs none of them to have the types.
 */

declare const described: unique symbol;

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The schema of a `T`. Nothing of `T` is there when the program runs. */
export type Shape<T> = JsonSchema & { readonly [described]?: T };

/** A member that may be absent. */
export interface Maybe<T> {
  readonly maybe: Shape<T>;
}

/** Every member of `T`, and no other: the compiler compares them with the interface. */
export type Members<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Maybe<Exclude<T[K], undefined>> : Shape<T[K]>;
};

/** An object with these members and no others. `title` names it in `openapi.json`; '' where it has no name of its own. */
export function object<T extends object>(title: string, members: Members<T>): Shape<T> {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [name, member] of Object.entries<JsonSchema | Maybe<unknown>>(members)) {
    if (isMaybe(member)) {
      properties[name] = member.maybe;
      continue;
    }
    properties[name] = member;
    required.push(name);
  }
  return { ...(title === '' ? {} : { title }), type: 'object', properties, required, additionalProperties: false };
}

export function maybe<T>(shape: Shape<T>): Maybe<T> {
  return { maybe: shape };
}

/** Lengths are in code points. */
export interface TextBounds {
  readonly min?: number;
  readonly max?: number;
  /** ECMA 262, with `u`. */
  readonly pattern?: string;
}

export function text(description: string, { min, max, pattern }: TextBounds = {}): Shape<string> {
  return {
    type: 'string',
    description,
    ...(min === undefined ? {} : { minLength: min }),
    ...(max === undefined ? {} : { maxLength: max }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

export function choice<W extends string>(description: string, words: readonly W[]): Shape<W> {
  return { type: 'string', description, enum: words };
}

export function whole(description: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): Shape<number> {
  return { type: 'integer', description, minimum: min, maximum: max };
}

/** A moment, in seconds since 1970. */
export function time(description: string): Shape<number> {
  return whole(`${description} Seconds since 1970.`);
}

export function flag(description: string): Shape<boolean> {
  return { type: 'boolean', description };
}

export function list<T>(description: string, items: Shape<T>, bounds: { readonly max?: number } = {}): Shape<readonly T[]> {
  return { type: 'array', description, items, ...(bounds.max === undefined ? {} : { maxItems: bounds.max }) };
}

/** An object whose members somebody else judges, or nobody. */
export function members(description: string): Shape<Readonly<Record<string, unknown>>> {
  return { type: 'object', description, additionalProperties: true };
}

export function counts(description: string): Shape<Readonly<Record<string, number>>> {
  return { type: 'object', description, additionalProperties: { type: 'number' } };
}

/** Any JSON. */
export function anything(description: string): Shape<NonNullable<unknown> | null> {
  return { description };
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it in as `cursor` for the next page; null at the end. */
  readonly next: string | null;
}

export function page<T>(item: Shape<T>): Shape<Page<T>> {
  const next: Shape<string | null> = { type: ['string', 'null'], description: 'The cursor of the next page; null at the end.' };
  return object<Page<T>>(`${String(item['title'])}Page`, { items: list('In the order of the list.', item), next });
}

export interface Paging {
  /** 1 to 200; 50 where it is left out. */
  readonly limit?: number;
  /** `next` of the page before, with the same filters. */
  readonly cursor?: string;
}

export const MAX_PAGE = 200;

/** The parameters of a list beside its filters. */
export const PAGING: Members<Paging> = {
  limit: maybe(whole('How many at most; 50 where it is left out.', { min: 1, max: MAX_PAGE })),
  cursor: maybe(text('`next` of the page before, with the same filters.', { min: 1, max: 4096, pattern: '^[A-Za-z0-9_-]+$' })),
};

function isMaybe(member: JsonSchema | Maybe<unknown>): member is Maybe<unknown> {
  return 'maybe' in member;
}

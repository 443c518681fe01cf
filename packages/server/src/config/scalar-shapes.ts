import { findNearest } from './nearest.ts';
import type { ConfigNode } from './node.ts';
import { Secret } from './secret.ts';
import { FAILED, type Failed, type JsonSchema, Refused, type Shape, type Spot } from './shape.ts';

export interface TextRules<T> {
  /** What is allowed, in words. */
  readonly allowed: readonly string[];
  /** Regular expression for editors; says no more than `read`. */
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly read: (text: string) => T | Refused;
}

/** Text that stands for something: `read` turns it into that, or says why not. */
export function textAs<T>(rules: TextRules<T>): Shape<T> {
  const plain: JsonSchema = { type: 'string', minLength: 1, ...(rules.maxLength === undefined ? {} : { maxLength: rules.maxLength }) };
  return {
    schema: rules.pattern === undefined ? plain : orVariable({ ...plain, pattern: rules.pattern }),
    read(node, spot) {
      const text = readText(node, spot, rules.allowed);
      if (text === FAILED) return FAILED;
      if (text === '') return spot.refuse(node, 'is empty', rules.allowed);
      if (rules.maxLength !== undefined && text.length > rules.maxLength)
        return spot.refuse(node, `is longer than ${rules.maxLength} characters`, rules.allowed);
      return settle(rules.read(text), node, spot, rules.allowed);
    },
  };
}

/** Any text of 1 to `maxLength` characters. */
export function text(maxLength: number): Shape<string> {
  return textAs({ allowed: ['text'], maxLength, read: (value) => value });
}

/** A value that may be written as text or as a number. */
export function textOrNumber<T>(rules: {
  readonly allowed: readonly string[];
  readonly pattern: string;
  readonly number: JsonSchema;
  readonly read: (value: string | number) => T | Refused;
}): Shape<T> {
  return {
    schema: { anyOf: [{ type: 'string', pattern: rules.pattern }, rules.number, VARIABLE] },
    read(node, spot) {
      const value = readNumber(node) ?? readText(node, spot, rules.allowed);
      return value === FAILED ? FAILED : settle(rules.read(value), node, spot, rules.allowed);
    },
  };
}

/** `true` or `false`. */
export const flag: Shape<boolean> = {
  schema: { anyOf: [{ type: 'boolean' }, { $ref: '#/$defs/variable' }] },
  read(node, spot) {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    const filled = node.kind === 'scalar' && node.origin === 'environment' ? node.value : undefined;
    if (filled === 'true' || filled === 'false') return filled === 'true';
    return spot.refuse(node, 'must be true or false', ['true', 'false']);
  },
};

/** A whole number in a range, both ends included. */
export function wholeNumber(min: number, max: number): Shape<number> {
  return {
    schema: orVariable({ type: 'integer', minimum: min, maximum: max }),
    read(node, spot) {
      const value = readNumber(node);
      if (value !== undefined && Number.isSafeInteger(value) && value >= min && value <= max) return value;
      return spot.refuse(node, 'must be a whole number', [`${min} to ${max}`]);
    },
  };
}

/** One of some words. `later` ones are refused until a version supports them, `testOnly` ones outside of mode test. */
export function choice<const T extends string>(
  words: readonly T[],
  limits: { readonly later?: readonly string[]; readonly testOnly?: readonly T[] } = {},
): Shape<T> {
  const later = limits.later ?? [];
  return {
    schema: orVariable({ enum: [...words, ...later] }),
    read(node, spot) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) {
        if (typeof value === 'string' && later.includes(value)) return spot.refuse(node, 'is not supported by this version yet', words);
        return spot.refuse(
          node,
          'is not one of the allowed values',
          words,
          typeof value === 'string' && !spot.secret ? findNearest(value, words) : undefined,
        );
      }
      if (limits.testOnly?.includes(word) === true && !isTestMode(spot))
        return refuseOutsideTest(
          node,
          spot,
          words.filter((other) => limits.testOnly?.includes(other) !== true),
        );
      return word;
    },
  };
}

/** A value that is never shown where it is wrong. */
export function secret<T>(shape: Shape<T>): Shape<T> {
  return { schema: { ...shape.schema, writeOnly: true }, read: (node, spot) => shape.read(node, spot.asSecret()) };
}

/** A text that is kept wrapped, and never shown. */
export function hidden(shape: Shape<string>): Shape<Secret<string>> {
  const inner = secret(shape);
  return {
    schema: inner.schema,
    read(node, spot) {
      const value = inner.read(node, spot);
      return value === FAILED ? FAILED : new Secret(value);
    },
  };
}

/** True too where the mode cannot be read: one problem at a time. */
export function isTestMode(spot: Spot): boolean {
  return spot.reading.mode === 'test' || spot.reading.mode === undefined;
}

export function refuseOutsideTest(node: ConfigNode, spot: Spot, allowed: readonly string[]): Failed {
  return spot.refuse(node, `is accepted in mode test alone, and the mode is ${spot.reading.mode}`, allowed);
}

/** A schema for values other than free text, which may come from the environment instead. */
export function orVariable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, VARIABLE] };
}

const VARIABLE: JsonSchema = { $ref: '#/$defs/variable' };

/** The definition that `orVariable` refers to. */
export const VARIABLE_SCHEMA: JsonSchema = {
  description: 'Taken from the environment: ${NAME} or ${NAME:-default}.',
  type: 'string',
  pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
};

function readText(node: ConfigNode, spot: Spot, allowed: readonly string[]): string | Failed {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  const quotable = node.kind === 'scalar' && node.value !== null;
  return spot.refuse(node, quotable ? 'must be text: put it in quotes' : 'must be text', allowed);
}

function readNumber(node: ConfigNode): number | undefined {
  if (node.kind !== 'scalar') return undefined;
  if (typeof node.value === 'number') return node.value;
  const isFilled = node.origin === 'environment' && typeof node.value === 'string' && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(node.value);
  return isFilled ? Number(node.value) : undefined;
}

function settle<T>(result: T | Refused, node: ConfigNode, spot: Spot, allowed: readonly string[]): T | Failed {
  return result instanceof Refused ? spot.refuse(node, result.message, result.allowed ?? allowed) : result;
}

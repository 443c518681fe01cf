import type { ProblemPart } from '@hufu/protocol/admin/problem';
import type { JsonSchema } from '@hufu/protocol/admin/shape';
import { Compile } from 'typebox/schema';

/** What is wrong with a value, each part with a JSON Pointer (RFC 6901 §5); none: it fits. */
export type Judge = (value: unknown) => readonly ProblemPart[];

const MAX_PARTS = 20;
const judges = new WeakMap<JsonSchema, Judge>();

/** Compiled once for each schema. */
export function judgeOf(schema: JsonSchema): Judge {
  const known = judges.get(schema);
  if (known !== undefined) return known;
  const validator = Compile(schema);
  const judge: Judge = (value) => {
    if (validator.Check(value)) return [];
    const [, errors] = validator.Errors(value);
    const parts = errors.flatMap(({ keyword, instancePath, params, message }) => partsOf(keyword, instancePath, params, message));
    return parts.length === 0 ? [{ pointer: '', detail: 'does not fit' }] : parts.slice(0, MAX_PARTS);
  };
  judges.set(schema, judge);
  return judge;
}

function partsOf(keyword: string, path: string, params: object, message: string): readonly ProblemPart[] {
  // Says of an unknown member that nothing fits it; `additionalProperties` says which it is.
  if (keyword === 'boolean') return [];
  if (keyword === 'additionalProperties') return named(params, 'additionalProperties', path, 'is unknown');
  if (keyword === 'required') return named(params, 'requiredProperties', path, 'is missing');
  return [{ pointer: path, detail: message }];
}

function named(params: object, member: string, path: string, detail: string): readonly ProblemPart[] {
  const names: unknown = Object(params)[member];
  if (!Array.isArray(names)) return [{ pointer: path, detail }];
  return names.slice(0, MAX_PARTS).map((name) => ({ pointer: `${path}/${pointerStep(String(name).slice(0, 100))}`, detail }));
}

/** RFC 6901 §3. */
export function pointerStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

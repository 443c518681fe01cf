import { OAuthError } from './errors.ts';
import { type Fault, type FieldPath, FieldReader, formatPath, type TextRules } from './field-reader.ts';
import { findDisplayFault, type Localized } from './localized.ts';

/** What is asked for or granted beside scopes (RFC 9396 §2): JSON objects, each with its `type`. */
export type AuthorizationDetails = readonly AuthorizationDetail[];
export type AuthorizationDetail = Readonly<Record<string, unknown>>;

/** A type of authorization details that the server knows (RFC 9396 §2.1). */
export interface DetailType {
  readonly type: string;
  /** What the user is asked to agree to, as a plain sentence. */
  readonly description: Localized;
  /** Members beside `type` and `locations`; there are no others. */
  readonly fields: readonly DetailField[];
}

/** A member that details of a type may have. */
export interface DetailField {
  readonly name: string;
  /** How pages call it; undefined: by its name. */
  readonly label: Localized | undefined;
  readonly required: boolean;
  readonly value: DetailValue;
}

export type DetailValue =
  /** `allowed` undefined: any text, up to `max` UTF-16 units. */
  | { readonly kind: 'text' | 'texts'; readonly allowed: readonly string[] | undefined; readonly max: number }
  | { readonly kind: 'number' | 'flag' }
  | { readonly kind: 'object'; readonly fields: readonly DetailField[] };

export interface DetailRules {
  readonly types: readonly DetailType[];
  /** Types that the client may ask for; undefined: all. */
  readonly allowed: readonly string[] | undefined;
  /** Whether a `location` (RFC 9396 §2.2) is a resource of this server. */
  readonly isLocation: (uri: string) => boolean;
}

/** UTF-16 units of the parameter. */
const MAX_TEXT = 8_192;
const MAX_DETAILS = 16;
const MAX_ITEMS = 32;

/**
 * Reads an `authorization_details` parameter (RFC 9396 §2). Whatever is not known to the last member is refused: nobody can agree to what cannot be
 * shown (§5, §12). Throws `invalid_authorization_details`.
 */
export function readAuthorizationDetails(text: string | undefined, rules: DetailRules): AuthorizationDetails {
  if (text === undefined) return [];
  if (text.length > MAX_TEXT) throw invalid(`is longer than ${MAX_TEXT} characters`);
  const read = parse(text);
  if (!Array.isArray(read) || read.length === 0) throw invalid('is not a list of objects');
  if (read.length > MAX_DETAILS) throw invalid(`has more than ${MAX_DETAILS} entries`);
  const faults: Fault[] = [];
  for (const [at, detail] of read.entries()) checkDetail(detail, [at], faults, rules);
  const [fault] = faults;
  if (fault !== undefined) throw invalid(`${formatPath(fault.path)} ${fault.message}`);
  return read;
}

/** Those that a token for a resource carries: without `locations`, or with it among them (RFC 9396 §2.2, §6.1). */
export function detailsAt(details: AuthorizationDetails, resource: string): AuthorizationDetails {
  return details.filter((detail) => {
    const locations = locationsOf(detail);
    return locations.length === 0 || locations.includes(resource);
  });
}

/** The `locations` of one entry (RFC 9396 §2.2). */
export function locationsOf({ locations }: AuthorizationDetail): readonly string[] {
  return Array.isArray(locations) ? locations.filter((uri) => typeof uri === 'string') : [];
}

/** Whether two entries say the same; the order of members means nothing. */
export function isSameDetail(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) || Array.isArray(other)) {
    return (
      Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, at) => isSameDetail(item, other[at]))
    );
  }
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && isSameDetail(one[name], other[name]))
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('is not JSON');
  }
}

function checkDetail(detail: unknown, path: FieldPath, faults: Fault[], { types, allowed, isLocation }: DetailRules): void {
  const fields = new FieldReader(detail, path, faults, { nulls: 'wrong', unknown: 'refused' });
  const name = fields.take('type');
  const type = types.find((known) => known.type === name);
  if (type === undefined) return fields.fault(['type'], name === undefined ? 'is missing' : 'is not known');
  if (allowed?.includes(type.type) === false) return fields.fault(['type'], 'is not one that the client may ask for');
  const check = (uri: string): string | undefined => (isLocation(uri) ? undefined : 'is not a resource of this server');
  const locations = fields.texts('locations', MAX_ITEMS, { max: 2_048, check });
  if (locations?.length === 0) fields.fault(['locations'], 'is empty');
  checkFields(fields, type.fields);
}

function checkFields(reader: FieldReader, fields: readonly DetailField[]): void {
  for (const field of fields) {
    checkValue(reader, field);
    if (field.required && reader.take(field.name) === undefined) reader.fault([field.name], 'is missing');
  }
  reader.finish();
}

function checkValue(reader: FieldReader, { name, value }: DetailField): void {
  switch (value.kind) {
    case 'text':
      reader.text(name, textRules(value));
      return;
    case 'texts':
      reader.texts(name, MAX_ITEMS, textRules(value));
      return;
    case 'flag':
      reader.flag(name);
      return;
    case 'number': {
      const given = reader.take(name);
      if (given !== undefined && typeof given !== 'number') reader.fault([name], 'is not a number');
      return;
    }
    case 'object': {
      const inner = reader.object(name);
      if (inner !== undefined) checkFields(inner, value.fields);
    }
  }
}

/** What people decide by must not hide anything from them. */
function textRules({ allowed, max }: Extract<DetailValue, { readonly max: number }>): TextRules {
  return {
    max,
    check: (text) => (allowed?.includes(text) === false ? `is not one of ${allowed.join(', ')}` : findDisplayFault(text)),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(fault: string): OAuthError {
  return new OAuthError('invalid_authorization_details', 'the authorization details are not valid', { detail: fault.slice(0, 300) });
}

import type { DetailField, DetailType, DetailValue } from '@hufu/protocol/authorization-details';
import { findDisplayFault, type Localized } from '@hufu/protocol/localized';
import { list, object, optional, required, withDefault } from './collection-shapes.ts';
import { findText, findValue } from './node.ts';
import { choice, flag, text, textAs, wholeNumber } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';

/** A text that users see. */
const words: Shape<string> = textAs({
  allowed: ['text'],
  maxLength: 500,
  read(value) {
    const fault = findDisplayFault(value);
    return fault === undefined ? value : new Refused(fault);
  },
});

/** In each language of the pages. */
const localized: Shape<Localized> = object({
  keys: { en: required(words, 'In English.'), 'zh-CN': optional(words, 'In Chinese; English where it is left out.') },
  build: (values) => ({
    untagged: values.en,
    tagged: values['zh-CN'] === undefined ? [] : [['zh-CN', values['zh-CN']]],
  }),
});

/** A member's name, not one that every entry has (RFC 9396 §2.2). */
const name: Shape<string> = textAs({
  allowed: ['the name of a member, other than type and locations'],
  maxLength: 100,
  read: (value) =>
    /^[A-Za-z_][A-Za-z0-9_.:-]*$/.test(value) && !['type', 'locations', '__proto__'].includes(value)
      ? value
      : new Refused('is not a name that a member may have'),
});

const FIELD = {
  name: required(name, 'Its name in the JSON.'),
  label: optional(localized, 'What pages call it; its name by default.'),
  required: withDefault(flag, false, 'Whether it must be there.'),
  values: optional(list(text(500), { min: 1, max: 100, unique: [{ path: [] }] }), 'The only texts that it may hold. Of text and texts.'),
  max: withDefault(wholeNumber(1, 2_000), 200, 'Characters of a text. Of text and texts.'),
};

/** A member of an object that is a member itself. */
const innerField: Shape<DetailField> = object({
  keys: {
    ...FIELD,
    kind: withDefault(
      choice(['text', 'texts', 'number', 'flag']),
      'text',
      'What it holds: text, texts (a list), number, or flag (true or false).',
    ),
  },
  build: ({ kind, values, max, ...rest }) => ({
    name: rest.name,
    label: rest.label,
    required: rest.required,
    value: valueOf(kind, values, max),
  }),
});

const field: Shape<DetailField> = object({
  keys: {
    ...FIELD,
    kind: withDefault(
      choice(['text', 'texts', 'number', 'flag', 'object']),
      'text',
      'What it holds: text, texts (a list), number, flag (true or false), or object.',
    ),
    fields: optional(list(innerField, { min: 1, max: 32, unique: [{ path: ['name'] }] }), 'The members of an object.'),
  },
  check(node, spot) {
    const kind = findText(findValue(node, 'kind')) ?? 'text';
    const fields = findValue(node, 'fields');
    if (kind === 'object' && fields === undefined) return spot.report(node.place, 'needs fields: its kind is object', '');
    if (kind !== 'object' && fields !== undefined) return spot.at('fields').refuse(fields, 'is for fields of the kind object');
    return undefined;
  },
  build: ({ kind, values, max, fields, ...rest }) => ({
    name: rest.name,
    label: rest.label,
    required: rest.required,
    value: kind === 'object' ? { kind, fields: fields ?? [] } : valueOf(kind, values, max),
  }),
});

function valueOf(kind: 'text' | 'texts' | 'number' | 'flag', allowed: readonly string[] | undefined, max: number): DetailValue {
  return kind === 'text' || kind === 'texts' ? { kind, allowed, max } : { kind };
}

const detailType: Shape<DetailType> = object({
  keys: {
    type: required(text(200), 'The type that requests name (RFC 9396 §2.1).'),
    description: required(localized, 'What users are asked to agree to, as a sentence.'),
    fields: withDefault(
      list(field, { max: 32, unique: [{ path: ['name'] }] }),
      [],
      'Members beside type and locations. Others are refused.',
    ),
  },
  build: ({ type, description, fields }) => ({ type, description, fields }),
});

/** `policies.authorization_details`. */
export const authorizationDetailsShape: Shape<readonly DetailType[]> = list(detailType, { max: 100, unique: [{ path: ['type'] }] });

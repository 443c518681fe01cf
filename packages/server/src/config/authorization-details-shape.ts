import type { DetailField, DetailType, DetailValue } from '@hufu/protocol/authorization-details';
import { findDisplayFault, type Localized } from '@hufu/protocol/localized';
import { list, object, optional, required, withDefault } from './collection-shapes.ts';
import { findValue } from './node.ts';
import { choice, flag, text, textAs, wholeNumber } from './scalar-shapes.ts';
import { Refused, type Shape } from './shape.ts';

const KINDS = ['text', 'texts', 'number', 'flag', 'object'] as const;

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

interface FieldKeys {
  readonly kind: (typeof KINDS)[number];
  readonly values: readonly string[] | undefined;
  readonly max: number;
  readonly fields: readonly DetailField[];
}

/** A field, with objects in objects as often as `depth` says. */
function fieldShape(depth: number): Shape<DetailField> {
  const inner = depth === 0 ? list(neverField, { max: 0 }) : list(fieldShape(depth - 1), { max: 32, unique: [{ path: ['name'] }] });
  return object({
    keys: {
      name: required(name, 'Its name in the JSON.'),
      label: optional(localized, 'What pages call it; its name by default.'),
      kind: withDefault(choice(KINDS), 'text', 'What it holds: text, texts (a list), number, flag (true or false) or object.'),
      required: withDefault(flag, false, 'Whether it must be there.'),
      values: optional(
        list(text(500), { min: 1, max: 100, unique: [{ path: [] }] }),
        'The only texts that it may hold. Of text and texts.',
      ),
      max: withDefault(wholeNumber(1, 2_000), 200, 'Characters of a text. Of text and texts.'),
      fields: withDefault(inner, [], 'The members of an object.'),
    },
    check(node, spot) {
      const kindNode = findValue(node, 'kind');
      const kind = kindNode?.kind === 'scalar' ? kindNode.value : 'text';
      const fields = findValue(node, 'fields');
      if (kind === 'object' && fields === undefined) return spot.report(node.place, 'needs fields: its kind is object', '');
      if (kind !== 'object' && fields !== undefined) return spot.at('fields').refuse(fields, 'is for fields of the kind object');
      return undefined;
    },
    build: (values) => ({ name: values.name, label: values.label, required: values.required, value: valueOf(values) }),
  });
}

const neverField: Shape<DetailField> = {
  schema: { type: 'object' },
  read: (node, spot) => spot.refuse(node, 'is too deep: objects in objects in objects'),
};

function valueOf({ kind, values, max, fields }: FieldKeys): DetailValue {
  if (kind === 'object') return { kind, fields };
  return kind === 'text' || kind === 'texts' ? { kind, allowed: values, max } : { kind };
}

const detailType: Shape<DetailType> = object({
  keys: {
    type: required(text(200), 'The type that requests name (RFC 9396 §2.1).'),
    description: required(localized, 'What users are asked to agree to, as a sentence.'),
    fields: withDefault(
      list(fieldShape(2), { max: 32, unique: [{ path: ['name'] }] }),
      [],
      'Members beside type and locations. Others are refused.',
    ),
  },
  build: ({ type, description, fields }) => ({ type, description, fields }),
});

/** `policies.authorization_details`. */
export const authorizationDetailsShape: Shape<readonly DetailType[]> = list(detailType, { max: 100, unique: [{ path: ['type'] }] });

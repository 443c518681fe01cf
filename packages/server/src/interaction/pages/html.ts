import { Href } from './href.ts';
import { type Hole, isPlainAttribute, readHoles } from './template-holes.ts';

let make: (markup: string) => Html;
let read: (html: Html) => string;

/** Markup that came from a template of ours. Nothing else can make one, so a value of this type is safe between tags. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  static {
    make = (markup) => new Html(markup);
    read = (html) => html.#markup;
  }
}

/** Attributes that depend on the view: `true` writes the bare name, `false` and undefined leave it out. */
export class Attributes {
  readonly entries: readonly (readonly [string, AttributeValue])[];

  constructor(record: Readonly<Record<string, AttributeValue>>) {
    this.entries = Object.entries(record);
  }
}

export type AttributeValue = string | number | boolean | Href | undefined;

/** What a template takes. Arrays are joined; null, undefined and false are nothing. */
export type HtmlValue = Html | Href | Attributes | string | number | false | null | undefined | readonly HtmlValue[];

/** The templates never change, so where their holes stand is read once for each place in the source. */
const holesOf = new WeakMap<readonly string[], readonly Hole[]>();

/**
 * A template whose interpolated values are escaped for the place where they stand: text, or a double-quoted attribute. `href`, `src`,
 * `action` and `formaction` take an `Href` only; `src` (but a frame's) and a `<link>`'s `href` one on our own origin only. Markup passes by its type.
 * @throws {TypeError} when a value does not belong where it stands: a template with a mistake fails at its first use, in any test.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let holes = holesOf.get(parts);
  if (holes === undefined) {
    holes = readHoles(parts);
    holesOf.set(parts, holes);
  }
  let markup = parts[0] ?? '';
  for (const [index, hole] of holes.entries()) markup += write(hole, values[index]) + (parts[index + 1] ?? '');
  return make(markup);
}

/** See `Attributes`: `html\`<input ${attributes({ autofocus: view.username === '' })}>\``. */
export function attributes(record: Readonly<Record<string, AttributeValue>>): Attributes {
  return new Attributes(record);
}

/** The markup as text, for the reply. */
export function renderHtml(html: Html): string {
  return read(html);
}

function write(hole: Hole, value: HtmlValue): string {
  switch (hole.kind) {
    case 'text':
      return writeText(value);
    case 'value':
      return writeValue(hole, value);
    case 'attributes':
      return writeAttributes(hole.element, value);
  }
}

function writeText(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return read(value);
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  if (Array.isArray(value)) return value.map(writeText).join('');
  throw new TypeError('this value has no place between tags');
}

function writeValue(hole: Extract<Hole, { kind: 'value' }>, value: HtmlValue): string {
  const { element, attribute, whole } = hole;
  if (URL_ATTRIBUTES.has(attribute)) {
    if (!(value instanceof Href) || !whole) throw new TypeError(`${attribute} takes one Href, and nothing beside it`);
    // What a client has in a frame stays there; the policy names whose frames a page may have.
    const loads = (attribute === 'src' && element !== 'iframe') || element === 'link';
    if (loads && value.host !== undefined) throw new TypeError(`a page loads nothing from ${value.host}`);
    return escapeHtml(value.toString());
  }
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  throw new TypeError(`the attribute ${attribute} takes text`);
}

function writeAttributes(element: string, value: HtmlValue): string {
  if (!(value instanceof Attributes)) throw new TypeError('only attributes(…) may stand inside a tag');
  const written: string[] = [];
  for (const [name, content] of value.entries) {
    if (!/^[a-z][a-z-]*$/.test(name) || !isPlainAttribute(name)) throw new TypeError(`not an attribute for pages: ${name}`);
    if (content === undefined || content === false) continue;
    const text = content === true ? '' : writeValue({ kind: 'value', element, attribute: name, whole: true }, content);
    written.push(content === true && !URL_ATTRIBUTES.has(name) ? name : `${name}="${text}"`);
  }
  return written.join(' ');
}

const URL_ATTRIBUTES: ReadonlySet<string> = new Set(['href', 'src', 'action', 'formaction', 'poster', 'cite', 'data']);

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;',
};

/**
 * One escape that is safe in text and in quoted attributes. A carriage return is written as a reference, because the parser would
 * turn it into a line feed and a form_post answer has to carry `state` as it came.
 */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? '');
}

/**
 * Where an interpolated value of a template stands.
 * - `text`: between tags.
 * - `value`: inside a double-quoted attribute; `whole` when it is all of the value.
 * - `attributes`: between the attributes of a tag.
 */
export type Hole =
  | { readonly kind: 'text' }
  | { readonly kind: 'value'; readonly element: string; readonly attribute: string; readonly whole: boolean }
  | { readonly kind: 'attributes'; readonly element: string };

/** Stands for a hole while the static parts are read as one; a template cannot contain it itself. */
const HOLE = '\0';
const TEXT = /[^<\0]+/y;
const DOCTYPE = /<!doctype html>/y;
const TAG = /<(\/?)([A-Za-z][A-Za-z0-9]*)/y;
const SPACE = /\s+/y;
const TAG_END = /\s*\/?>/y;
const ATTRIBUTE = /([A-Za-z][A-Za-z:-]*)(?:="([^"<]*)")?/y;
/** What a browser reads as script or style, where no escape is safe. */
const RAW: ReadonlySet<string> = new Set(['script', 'style']);

/**
 * Reads the static parts of a template and says where each hole stands. The grammar is narrower than HTML's on purpose: attributes
 * in double quotes only, no comments, no event handlers, no inline style, every tag closed within its template.
 * @throws {TypeError} when a template leaves that grammar or has a hole where no escape is safe (inside a script, in a tag's name).
 */
export function readHoles(parts: readonly string[]): readonly Hole[] {
  if (parts.some((part) => part.includes(HOLE))) throw new TypeError('a template contains U+0000');
  const source = parts.join(HOLE);
  const holes: Hole[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };
  const refuse = (why: string): TypeError => new TypeError(`template: ${why} near "${source.slice(at, at + 30)}"`);

  while (at < source.length) {
    if (source[at] === HOLE) {
      holes.push({ kind: 'text' });
      at += 1;
      continue;
    }
    if (take(TEXT) ?? take(DOCTYPE)) continue;
    const tag = take(TAG);
    if (tag === undefined) throw refuse('markup this grammar does not know');
    const element = (tag[2] ?? '').toLowerCase();
    while (!take(TAG_END)) {
      if (!take(SPACE)) throw refuse('no space before an attribute');
      if (take(TAG_END)) break;
      if (source[at] === HOLE) {
        holes.push({ kind: 'attributes', element });
        at += 1;
        continue;
      }
      const found = take(ATTRIBUTE);
      if (found === undefined) throw refuse('an attribute that is not name="value"');
      pushValueHoles(holes, element, found[1] ?? '', found[2] ?? '');
    }
    if (tag[1] === '' && RAW.has(element)) {
      const end = source.indexOf(`</${element}>`, at);
      if (end < 0 || source.slice(at, end).includes(HOLE)) throw refuse(`a hole inside <${element}>, or no end of it`);
      at = end;
    }
  }
  return holes;
}

function pushValueHoles(holes: Hole[], element: string, written: string, value: string): void {
  const attribute = written.toLowerCase();
  if (!isPlainAttribute(attribute)) throw new TypeError(`template: the attribute ${attribute} is not for pages`);
  const count = value.split(HOLE).length - 1;
  for (let index = 0; index < count; index += 1) holes.push({ kind: 'value', element, attribute, whole: value === HOLE });
}

/** Attributes that carry script or style have no place in our pages; the content security policy would stop them too. */
export function isPlainAttribute(name: string): boolean {
  return !name.startsWith('on') && name !== 'style' && name !== 'srcdoc' && name !== 'srcset';
}

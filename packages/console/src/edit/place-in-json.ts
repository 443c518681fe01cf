/** Characters `from` up to `to` of a text, and the line that they begin in, counted from 1. */
export interface TextPlace {
  readonly from: number;
  readonly to: number;
  readonly line: number;
}

/** Where in a JSON text a pointer (RFC 6901) leads to; where there is nothing, to what would hold it. The text is known to be JSON. */
export function placeInJson(text: string, pointer: string): TextPlace {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  let [from, to] = valueAt(text, 0);
  for (const step of steps) {
    const inner = membersOf(text, from).find(({ name }) => name === step);
    if (inner === undefined) break;
    [from, to] = [inner.from, inner.to];
  }
  return { from, to, line: lineOf(text, from) };
}

/** The line of a character, counted from 1. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

interface Inner {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const SPACE = /\s*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /[^\s,\]}]+/y;

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Where the value that begins at or behind a character stands. */
function valueAt(text: string, at: number): readonly [from: number, to: number] {
  const from = after(SPACE, text, at);
  const first = text[from];
  if (first === '"') return [from, after(STRING, text, from)];
  if (first !== '{' && first !== '[') return [from, after(SCALAR, text, from)];
  const last = membersOf(text, from).at(-1);
  return [from, after(SPACE, text, last?.to ?? from + 1) + 1];
}

/** What is in the object or list that begins here: members by their names, items by their places. */
function membersOf(text: string, open: number): readonly Inner[] {
  const isList = text[open] === '[';
  if (!isList && text[open] !== '{') return [];
  const found: Inner[] = [];
  for (let at = after(SPACE, text, open + 1); at < text.length && text[at] !== '}' && text[at] !== ']'; ) {
    let name = String(found.length);
    if (!isList) {
      const end = after(STRING, text, at);
      name = String(JSON.parse(text.slice(at, end)));
      // Behind the colon.
      at = after(SPACE, text, end) + 1;
    }
    const [from, to] = valueAt(text, at);
    found.push({ name, from, to });
    at = after(SPACE, text, to);
    if (text[at] === ',') at = after(SPACE, text, at + 1);
  }
  return found;
}

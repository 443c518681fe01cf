import assert from 'node:assert/strict';

/** A tag of a page, as `readTags` reads it. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const VOID: ReadonlySet<string> = new Set(['meta', 'link', 'input', 'img', 'hr', 'path']);

/** Reads a page as strictly as it is written: every `<` opens a tag of the templates' grammar, and every tag is closed in order. */
export function readTags(page: string): readonly Tag[] {
  const tags: Tag[] = [];
  const open: string[] = [];
  const body = page.replace(/^<!doctype html>\n/, '');
  assert.notEqual(body, page, 'doctype first');
  for (const match of body.matchAll(/<[^>]*>?|[^<]+/g)) {
    const piece = match[0];
    if (!piece.startsWith('<')) {
      assert.doesNotMatch(piece, />|&(?!(?:amp|lt|gt|quot|#39|#13);)/);
      continue;
    }
    const [, slash = '', name = '', rest = ''] =
      /^<(\/?)([a-z0-9]+)((?:\s+[A-Za-z-]+(?:="[^"<]*")?)*)\s*\/?>$/.exec(piece) ?? assert.fail(`not a tag: ${piece}`);
    if (slash !== '') assert.equal(open.pop(), name);
    else if (!VOID.has(name)) open.push(name);
    if (slash === '')
      tags.push({
        name,
        attributes: new Map([...rest.matchAll(/([A-Za-z-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [key, value])),
      });
  }
  assert.deepEqual(open, []);
  return tags;
}

/** Which files a file imports, read from the text: enough for our own sources, which import by literal paths. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

/**
 * What the text imports, as written: `./x.ts`, `@hufu/store/port`, `node:fs`.
 * @param text of a module
 */
export function readImports(text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[2] ?? '');
}

/** The files with everything of this repository that they import, directly or not. */
export function importClosure(root: string, files: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = files.map((file) => resolve(root, file));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file) || !existsSync(file)) continue;
    seen.add(file);
    for (const specifier of readImports(readFileSync(file, 'utf8'))) {
      const target = resolveOwn(root, file, specifier);
      if (target !== undefined) open.push(target);
    }
  }
  return seen;
}

function resolveOwn(root: string, importer: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return resolve(dirname(importer), specifier);
  const ours = /^(?:@hufu\/)?([a-z]+)\/(.+)$/.exec(specifier);
  if (ours === null || (!specifier.startsWith('@hufu/') && ours[1] !== 'hufu')) return undefined;
  return join(root, 'packages', ours[1] ?? '', 'src', `${ours[2]}.ts`);
}

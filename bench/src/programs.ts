import { copyFile, glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleHufu } from '../../scripts/bundle.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where the programs are that the benchmark starts. */
export interface Programs {
  /** The folder with the floors and the peers. */
  readonly bench: string;
  /** Hufu's entry. */
  readonly hufu: string;
}

/**
 * Makes the programs that are measured as a published package has them: Hufu as the bundle that is published, the floors and the peer as plain
 * JavaScript. Whoever loads TypeScript carries the stripper along, some tens of megabytes and milliseconds that are nobody's merit.
 */
export async function makePrograms(directory: string): Promise<Programs> {
  const bench = join(directory, 'bench');
  await stripFolder(join(ROOT, 'bench/src'), bench);
  const { main } = await bundleHufu(join(directory, 'node_modules/hufu/dist'));
  return { bench, hufu: main };
}

async function stripFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for await (const file of glob('**/*.*', { cwd: from })) {
    if (file.endsWith('.test.ts') || file.endsWith('.d.ts')) continue;
    const target = join(to, file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    if (file.endsWith('.ts')) await writeFile(target, strip(await readFile(join(from, file), 'utf8')));
    else await copyFile(join(from, file), target);
  }
}

/** Types become blanks, and relative specifiers name the file beside them. */
export function strip(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g, '$1$2.js$1');
}

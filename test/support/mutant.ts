import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { startServer } from '@hufu/server/start';
import type { Store } from '@hufu/store/port';

/** One change of one source file: `from` is there exactly once. */
export interface Edit {
  /** From the packages' folder: `server/src/tokens/…`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A copy of our sources with a defect in it. */
export interface Mutant {
  readonly startServer: typeof startServer;
  openMemory(): Promise<Store>;
  /** The entry of the binary, for a process of its own. */
  readonly main: string;
  remove(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['protocol', 'flow', 'store', 'server', 'resource', 'hufu'] as const;

/** Throws where an edit does not fit the source any more: then the mutant has to be written anew. */
export async function makeMutant(edits: readonly Edit[]): Promise<Mutant> {
  const folder = await mkdtemp(join(tmpdir(), 'hufu-mutant-'));
  const packages = join(folder, 'packages');
  for (const name of COPIED) {
    await cp(join(ROOT, 'packages', name, 'src'), join(packages, name, 'src'), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    });
    await cp(join(ROOT, 'packages', name, 'package.json'), join(packages, name, 'package.json'));
  }
  await linkDependencies(join(folder, 'node_modules'), packages);
  for (const { file, from, to } of edits) {
    const path = join(packages, file);
    const parts = (await readFile(path, 'utf8')).split(from);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
    await writeFile(path, parts.join(to));
  }
  const load = async <T>(file: string): Promise<T> => import(pathToFileURL(join(packages, file)).href);
  const server = await load<{ startServer: typeof startServer }>('server/src/start.ts');
  const memory = await load<{ openMemory: () => Promise<Store> }>('store/src/memory.ts');
  return {
    startServer: server.startServer,
    openMemory: memory.openMemory,
    main: join(packages, 'hufu/src/main.ts'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Everything that is installed, but our own packages as they are in the copy. */
async function linkDependencies(modules: string, packages: string): Promise<void> {
  await mkdir(join(modules, '@hufu'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.') || name === '@hufu' || name === 'hufu') continue;
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  for (const name of COPIED) await symlink(join(packages, name), join(modules, '@hufu', name));
}

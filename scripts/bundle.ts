/**
 * Makes the published program of few files: our own packages in one piece with what is loaded later beside it, so that a start reads a dozen
 * modules and not six hundred (half the time, two thirds of the memory). Packages of others stay what they are, and are dependencies of `hufu`.
 *
 *     node --conditions=source scripts/bundle.ts [FOLDER]
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { build } from 'vite';
import { SWAGGER_FILES } from '../packages/server/src/admin/swagger-ui.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Threads of ours, which are started by the name of a file that lies beside whoever starts them. */
const WORKERS = {
  'password-worker': 'packages/server/src/accounts/password-worker.ts',
  'checkpoint-worker': 'packages/store/src/sqlite/checkpoint-worker.ts',
};

export interface Bundle {
  /** The program's entry. */
  readonly main: string;
  /** Names of the packages of others that it loads. */
  readonly packages: readonly string[];
}

/**
 * @param folder where it goes: `main.js`, and `chunks/` as deep below it as the sources are below theirs. What was there is removed: an older bundle's chunks, and
 * what `tsc -b` makes of each source, which only a checkout can run.
 */
export async function bundleHufu(folder: string): Promise<Bundle> {
  const isOurs = (id: string): boolean => /^(?:[./\0]|@hufu\/|@oxc-project\/)/.test(id);
  const bundle = await rolldown({
    cwd: ROOT,
    input: { main: 'packages/hufu/src/main.ts', ...WORKERS },
    platform: 'node',
    resolve: { conditionNames: ['source', 'node', 'import'] },
    external: (id) => !isOurs(id) && !Object.values(WORKERS).includes(id) && id !== 'packages/hufu/src/main.ts',
  });
  await rm(folder, { recursive: true, force: true });
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: ({ name }) => (name === 'main' ? 'main.js' : `chunks/${name}.js`),
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  await bundle.close();
  await copySwagger(join(folder, 'chunks/swagger-ui'));
  await buildConsole(join(folder, 'console'));
  const named = output.flatMap((file) => (file.type === 'chunk' ? [...file.imports, ...file.dynamicImports] : []));
  const others = named.filter((id) => !/^(?:node:|\.|chunks\/|main\.js)/.test(id)).map(packageOf);
  return { main: join(folder, 'main.js'), packages: [...new Set(others)].sort() };
}

/** What `/admin/docs` loads. Copied, and no dependency: its package has a dependency of its own that reports installations to somebody. */
async function copySwagger(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of [...SWAGGER_FILES, 'LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'])
    await copyFile(join(ROOT, 'node_modules/swagger-ui-dist', name), join(folder, name));
}

/** What `/console` is made of: its files have hashes in their names, and no source maps. */
async function buildConsole(folder: string): Promise<void> {
  await build({
    root: join(ROOT, 'packages/console'),
    logLevel: 'error',
    mode: 'production',
    build: { outDir: folder, emptyOutDir: true },
  });
}

export function packageOf(id: string): string {
  return id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/');
}

if (import.meta.main) {
  const { main } = await bundleHufu(process.argv[2] ?? join(ROOT, 'packages/hufu/dist'));
  process.stdout.write(`${main}\n`);
}

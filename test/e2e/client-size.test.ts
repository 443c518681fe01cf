import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** What a bundler makes of a script of an app, compressed: bytes of the script itself, and of all that it may load later. */
async function sizeOf(entry: URL): Promise<{ readonly first: number; readonly all: number }> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['source', 'browser', 'module', 'import'] },
    build: {
      write: false,
      target: 'es2024',
      modulePreload: { polyfill: false, resolveDependencies: () => [] },
      rolldownOptions: { input: fileURLToPath(entry), preserveEntrySignatures: 'strict' },
    },
  });
  const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : [];
  const chunks = outputs.flatMap(({ output }) => output.flatMap((one) => (one.type === 'chunk' ? [one] : [])));
  const size = (some: typeof chunks): number => some.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  return { first: size(chunks.filter(({ isEntry }) => isEntry)), all: size(chunks) };
}

test('what every page of an app loads of @hufu/client is no more than 12 kB', async () => {
  const { first } = await sizeOf(new URL('client-app/core.ts', import.meta.url));
  assert.ok(first > 5_000 && first <= 12_000, `${first} bytes`);
});

test('and with all that it loads when somebody signs in, and when tokens are renewed, no more than 20 kB', async () => {
  const { all } = await sizeOf(new URL('client-app/whole.ts', import.meta.url));
  assert.ok(all > 10_000 && all <= 20_000, `${all} bytes`);
});

test('what a page behind an edge loads is no more than 1 kB', async () => {
  const { all } = await sizeOf(new URL('../../packages/client/src/edge.ts', import.meta.url));
  assert.ok(all > 300 && all <= 1_000, `${all} bytes`);
});

/** Our rules of the linter, seen to fire and to keep still: one tree of small files, linted once under the real configuration. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const root = dirname(dirname(import.meta.dirname));

/** Path → its text and what the linter has to say of it: the rule, and a piece of the message. */
const FILES: Readonly<Record<string, { readonly text: string; readonly expect: readonly (readonly [rule: string, message: string])[] }>> = {
  'packages/protocol/src/needs-flow.ts': breach(`export { a } from '@hufu/flow/gcra';`, 'protocol imports nothing of ours, not flow: '),
  'packages/protocol/src/reads-files.ts': breach(
    `import { readFileSync } from 'node:fs';\nreadFileSync('a');`,
    'protocol is pure and does not import node:fs',
  ),
  'packages/protocol/src/bare-builtin.ts': breach(`export * from 'crypto';`, 'protocol is pure and does not import crypto'),
  'packages/protocol/src/pure.test.ts': fine(`import { test } from 'node:test';\nsetTimeout(() => test('x', () => {}), 1);`),
  'packages/flow/src/needs-protocol.ts': breach(
    `import type { A } from '@hufu/protocol/ids';\nexport type B = A;`,
    'flow imports nothing of ours, not protocol: ',
  ),
  'packages/flow/src/queue/with-node.ts': fine(`export { join } from 'node:path';`),
  'packages/flow/src/with-node.ts': breach(`export { join } from 'node:path';`, 'flow is pure and does not import node:path'),
  'packages/store/src/may.ts': fine(
    `export { a } from '@hufu/protocol/ids';\nexport { b } from '@hufu/flow/gcra';\nexport { join } from 'node:path';`,
  ),
  'packages/store/src/needs-server.ts': breach(
    `export const a = import('@hufu/server/serve');`,
    'store imports only protocol, flow, not server: ',
  ),
  'packages/store/src/reaches-over.ts': breach(`export { a } from '../../protocol/src/ids.ts';`, 'Another package is imported by its name'),
  'packages/store/src/provided.test.ts': fine(
    `import { startPostgres } from '../../../scripts/provision/postgres.mjs';\nvoid startPostgres;`,
  ),
  'packages/store/src/provides.ts': breach(
    `export * from '../../../scripts/provision/postgres.mjs';`,
    'Another package is imported by its name',
  ),
  'packages/store/src/by-own-name.ts': breach(`export { a } from '@hufu/store/may';`, 'Inside a package imports are relative.'),
  'packages/resource/src/needs-store.ts': breach(
    `export type A = import('@hufu/store/port').A;`,
    'resource imports only protocol, not store: ',
  ),
  'packages/resource/src/may.ts': fine(`export { a } from '@hufu/protocol/ids';`),
  'packages/client/src/needs-resource.ts': breach(`import '@hufu/resource/verify';`, 'client imports only protocol, not resource: '),
  'packages/server/src/may.ts': fine(
    `export { a } from '@hufu/store/port';\nexport { b } from '@hufu/flow/gcra';\nexport { c } from '@hufu/protocol/ids';`,
  ),
  'packages/server/src/needs-client.ts': breach(
    `export { a } from '@hufu/client/flows';`,
    'server imports only protocol, flow, store, not client: ',
  ),
  'packages/server/src/needs-server.test.ts': breach(`import '@hufu/hufu/main';`, 'Nobody imports hufu.'),
  'packages/gateway/src/may.ts': fine(`export { a } from '@hufu/client/flows';\nexport { b } from '@hufu/resource/verify';`),
  'packages/gateway/src/needs-server.ts': breach(
    `export { a } from '@hufu/server/serve';`,
    'Nobody but hufu, the composition root, imports server.',
  ),
  'packages/console/src/types.tsx': fine(
    `import type { A } from '@hufu/protocol/admin';\nexport type B = A;\nexport { c } from '@hufu/client/admin';`,
  ),
  'packages/console/src/values.tsx': breach(`export { a } from '@hufu/protocol/admin';`, 'console imports only types of protocol'),
  'packages/console/src/needs-gateway.ts': breach(`import '@hufu/gateway/pipeline';`, 'imports gateway.'),
  'packages/hufu/src/may.ts': fine(
    `export { a } from '@hufu/server/serve';\nexport { b } from '@hufu/gateway/pipeline';\nconsole.log('the CLI speaks');`,
  ),
  'packages/store/src/needs-hufu.ts': breach(`import 'hufu/main';`, 'Nobody imports hufu.'),
  'packages/newcomer/src/a.ts': breach(`export { a } from '@hufu/protocol/ids';`, 'newcomer has no place in the architecture yet'),

  'packages/server/src/routes.ts': fine(`export { a } from './endpoints/token.ts';`),
  'packages/server/src/endpoints/token.ts': fine(
    `export { a } from '../grants/refresh-token.ts';\nexport { b } from '../client-auth/registry.ts';`,
  ),
  'packages/server/src/endpoints/up.ts': breach(`export { a } from '../routes.ts';`, 'routes.ts stands above endpoints/up.ts'),
  'packages/server/src/grants/refresh-token.ts': fine(
    `export { a } from '../tokens/issue.ts';\nexport { b } from '../client-auth/registry.ts';`,
  ),
  'packages/server/src/grants/up.ts': breach(
    `import type { A } from '../endpoints/token.ts';\nexport type B = A;`,
    'endpoints/token.ts stands above grants/up.ts',
  ),
  'packages/server/src/client-auth/registry.ts': fine(`export { a as b } from '../keys/sign.ts';`),
  'packages/server/src/tokens/issue.ts': fine(`export { a } from '../keys/sign.ts';\nexport { now } from '../clock.ts';`),
  'packages/server/src/tokens/up.ts': breach(
    `export { a } from '../grants/refresh-token.ts';`,
    'grants/refresh-token.ts stands above tokens/up.ts',
  ),
  'packages/server/src/keys/sign.ts': fine(`export const a = 1;`),
  'packages/server/src/keys/up.ts': breach(`export { a } from '../tokens/issue.ts';`, 'tokens/issue.ts stands above keys/up.ts'),

  'packages/server/src/clock.ts': fine(
    `import { setTimeout as sleep } from 'node:timers/promises';\nexport const now = () => Date.now() + new Date().getTime();\nvoid sleep;\nsetTimeout(now, 1);`,
  ),
  'packages/store/src/sqlite/group-commit.ts': fine(`setImmediate(() => {});`),
  'packages/store/src/postgres/batch.ts': fine(`setTimeout(() => {}, Date.now());`),
  'packages/store/src/slow.ts': fine(`setTimeout(() => {}, 1);`),
  'packages/server/src/date-now.ts': time(`export const a = Date.now();`, 'Date: Time comes through the context'),
  'packages/server/src/date-now-by-key.ts': time(`export const a = globalThis.Date['now'];`, 'Date: Time comes through the context'),
  'packages/server/src/new-date.ts': time(`export const a = new Date();`, 'Date: Time comes through the context'),
  'packages/server/src/date-call.ts': time(`export const a = Date();`, 'Date: Time comes through the context'),
  'packages/server/src/date-of.ts': fine(`export const a = new Date(0).toISOString() + Date.UTC(2026, 0) + Math.max(1, 2);`),
  'packages/server/src/random.ts': time(`export const a = Math.random();`, 'Math: Chance comes through the context'),
  'packages/server/src/timeout.ts': time(`setTimeout(() => {}, 1);`, 'setTimeout: Timers come through the context'),
  'packages/server/src/interval.ts': time(`export const timers = { every: setInterval };`, 'setInterval: Timers come through the context'),
  'packages/server/src/immediate.ts': time(`globalThis.setImmediate(() => {});`, 'setImmediate: Timers come through the context'),
  'packages/server/src/timers-module.ts': time(
    `import { setTimeout as sleep } from 'node:timers/promises';\nvoid sleep;`,
    'node:timers/promises: Timers',
  ),
  'packages/server/src/handed-in.ts': fine(
    `export function wait(setTimeout: (ms: number) => void): void {\n  setTimeout(1);\n}\nexport type Timer = ReturnType<typeof setTimeout>;`,
  ),
  'scripts/outside.ts': fine(`console.log(Date.now(), Math.random());\nsetTimeout(() => {}, 1);`),

  'packages/server/src/default.ts': { text: `export default 1;`, expect: [['import(no-default-export)', '']] },
  'packages/server/src/any.ts': { text: `export const a = (b: any): void => void b;`, expect: [['typescript(no-explicit-any)', '']] },
  'packages/server/src/bang.ts': {
    text: `export const a = (b: string | undefined): string => b!;`,
    expect: [['typescript(no-non-null-assertion)', '']],
  },
  'packages/server/src/console.ts': { text: `console.log('a');`, expect: [['eslint(no-console)', '']] },
  'packages/server/src/cycle-a.ts': {
    text: `import type { B } from './cycle-b.ts';\nexport type A = B;`,
    expect: [['import(no-cycle)', '']],
  },
  'packages/server/src/cycle-b.ts': {
    text: `import type { A } from './cycle-a.ts';\nexport type B = A;`,
    expect: [['import(no-cycle)', '']],
  },
};

const directory = mkdtempSync(join(tmpdir(), 'hufu-lint-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Path → what was found in it. */
const found = new Map<string, readonly (readonly [rule: string, message: string])[]>();

before(async () => {
  for (const [path, { text }] of Object.entries(FILES)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), `${text}\n`);
  }
  const configuration = readFileSync(join(root, '.oxlintrc.json'), 'utf8').replaceAll('"./', `"${root}/`);
  writeFileSync(join(directory, '.oxlintrc.json'), configuration);
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  // It ends with 1 because it finds what it should.
  const { stdout } = await promisify(execFile)(process.execPath, [oxlint, '--format=json'], { cwd: directory, maxBuffer: 1 << 24 }).catch(
    (error: { stdout: string }) => error,
  );
  const { diagnostics }: { diagnostics: readonly { code: string; message: string; filename: string }[] } = JSON.parse(stdout);
  for (const { code, message, filename } of diagnostics) found.set(filename, [...(found.get(filename) ?? []), [code, message]]);
});

for (const [path, { expect }] of Object.entries(FILES)) {
  const title = expect.length === 0 ? 'nothing is wrong' : expect.map(([rule, message]) => `${rule} ${message}`.trim()).join(', ');
  test(`${path}: ${title}`, () => {
    const problems = found.get(path) ?? [];
    assert.deepEqual(
      problems.map(([rule]) => rule),
      expect.map(([rule]) => rule),
      JSON.stringify(problems),
    );
    for (const [index, [, message]] of expect.entries()) assert.ok(problems[index]?.[1].includes(message), JSON.stringify(problems));
  });
}

function fine(text: string): { text: string; expect: [] } {
  return { text, expect: [] };
}

function breach(text: string, message: string): { text: string; expect: [[string, string]] } {
  return { text, expect: [['hufu(who-may-import-whom)', message]] };
}

function time(text: string, message: string): { text: string; expect: [[string, string]] } {
  return { text, expect: [['hufu(time-and-chance)', message]] };
}

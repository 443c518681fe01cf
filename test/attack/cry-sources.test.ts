import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { ConfigError } from '@hufu/server/config/problem';
import { readConfig } from '@hufu/server/config/read-config';
import { BASIC_YAML } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { revoke, SPA, signedIn, tokensOf } from './sign-ins.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Every line of code of ours that runs, without comments. */
function* lines(): Generator<readonly [where: string, line: string]> {
  for (const file of globSync('packages/*/src/**/*.{ts,tsx}', { cwd: ROOT })) {
    if (file.endsWith('.test.ts') || file.includes('/contract')) continue;
    for (const [index, line] of readFileSync(join(ROOT, file), 'utf8').split('\n').entries()) {
      if (!/^\s*(?:\/\/|\/?\*)/.test(line)) yield [`${relative('packages', file)}:${index + 1}`, line];
    }
  }
}

describe('CRY: what the sources say', () => {
  test('CRY-04 · no secret is compared with an operator that stops at the first difference (attacks CRY-04)', () => {
    for (const line of [
      'if (grant.codeHash !== sha256(credential.secret)) return;',
      'if (sent === expected.csrf) {',
      'return form.get("csrf") === csrfToken;',
      'if (a.seal == b.seal) return;',
      'const ok = hashes.includes(presented.secret);',
      'if (password === user.password) ok();',
      'if (grant.secretHash === undefined || grant.secretHash !== sha256(secret)) return;',
    ])
      assert.equal(comparesSecret(line), true, line);
    for (const line of [
      'if (grant.secretHash === undefined) return;',
      "if (task.kind === 'hash') {",
      'if (secret.length !== 24) return;',
      "typeof secret === 'string'",
      'equalText(a.seal, b.seal)',
      "const x = hash === undefined ? 'a' : hash;",
    ]) {
      assert.equal(comparesSecret(line), false, line);
    }
    // The comparison of one configured hash with a stored one at the start: nobody who could time it chose either.
    // And the client's own record in its own storage: whoever could time that has it before them.
    // And whether an administrator repeats a request of their own: both digests are of what they have sent.
    const known = [
      /secrets\.find\(\(secret\) => secret\.hash === hash\)/,
      /a\?\.session === b\?\.session && .* a\?\.hash === b\?\.hash;/,
      /(?:known|answer\.digest) !== digest\) return \{ kind: 'other' \};/,
    ];
    assert.deepEqual(
      [...lines()]
        .filter(([, line]) => comparesSecret(line) && !known.some((pattern) => pattern.test(line)))
        .map(([where, line]) => `${where}: ${line.trim()}`),
      [],
    );
  });

  test('CRY-05 · chance comes from the operating system alone, and what is old is not hashed with (ASVS 11.5.1, 11.4.1)', () => {
    const weak =
      /Math\.random|pseudoRandomBytes|createHash\(\s*'(?:md5|sha1)'|hash\(\s*'(?:md5|sha1)'|createCipher\(|aes-\d+-(?:ecb|cbc)|\bRC4\b|timingSafeEqual\(Buffer\.from\(.*length/i;
    // Shades of latency for tests; the jitter of the SDKs and of the gateway, which guards nothing; the name that Redis itself gives a script of ours; and what a WebSocket's handshake
    // is answered with (RFC 6455 §4.2.2), which proves that it was read and keeps no secret.
    const known =
      /^(?:store\/src\/slow|(?:client|resource|gateway)\/src\/clock|flow\/src\/redis\/script)\.ts|^gateway\/src\/proxy\/upgrade\.ts:\d+: const expected = createHash\('sha1'\)$/;
    assert.deepEqual(
      [...lines()]
        .filter(([, line]) => weak.test(line))
        .map(([where, line]) => `${where}: ${line.trim()}`)
        .filter((found) => !known.test(found)),
      [],
    );
  });

  test('CRY-05 · 16 threads that start at once draw nothing twice (ASVS 11.5.1)', async () => {
    const random = join(ROOT, 'packages/server/src/random.ts');
    const code = `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(random)}).then(({ systemRandom }) => {
        const random = systemRandom();
        parentPort.postMessage(Array.from({ length: 5000 }, () => random.text(24)));
      });`;
    const drawn = await Promise.all(
      Array.from(
        { length: 16 },
        () =>
          new Promise<readonly string[]>((resolve, reject) => {
            const worker = new Worker(code, { eval: true });
            worker.on('message', (texts: readonly string[]) => resolve(texts));
            worker.on('error', reject);
          }),
      ),
    );
    const all = drawn.flat();
    assert.equal(all.length, 80_000);
    assert.equal(new Set(all).size, all.length);
    // Nor do their beginnings coincide more often than chance has it: 12 characters are 72 bits.
    assert.equal(new Set(all.map((text) => text.slice(0, 12))).size, all.length);
    for (const text of all.slice(0, 100)) assert.match(text, /^[A-Za-z0-9_-]{24}$/);
  });

  test('CRY-09 · a configuration that is refused is explained without its secrets (ASVS 16.2.5)', () => {
    const secret = 'S3cretThatMustNotShow';
    const broken: readonly string[] = [
      `clients:\n  - { client_id: a, client_secret: [${secret}, x] }\n`,
      `clients:\n  - { client_id: a, client_secret: { x: ${secret} } }\n`,
      `clients:\n  - { client_id: a, client_secrt: ${secret} }\n`.replace('client_secrt', 'client_secret') + 'nonsense: 1\n',
      `clients:\n  - { client_id: a, client_secret: "${secret}é" }\n`,
      `clients:\n  - { client_id: a, token_endpoint_auth_method: none, client_secret: ${secret} }\n`,
      `users:\n  - { username: a, password: [${secret}] }\n`,
      `users:\n  - { username: a, password: ${secret}, password_hash: ${secret} }\n`,
      `users:\n  - { username: a, password_hash: ${secret} }\n`,
      `users:\n  - { username: a, password: ${secret}, password: ${secret} }\n`,
      `database: postgres://user:${secret}@\n`,
      `database: postgres://user:${secret}@host:99999999/x\n`,
      `database: mysql://user:${secret}@host/x\n`,
      `issuer: https://user:${secret}@host\n`,
      `users:\n  - { username: a, password: ${secret} \n`,
      `clients: [ { client_id: a, client_secret: ${secret} ]\n`,
    ];
    for (const text of broken) {
      const read = (): unknown => readConfig({ text: `mode: test\n${text}`, file: 'x.yaml', env: {} });
      let message = '';
      try {
        read();
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        message = `${error.message}\n${JSON.stringify(error.problems)}\n${error.stack ?? ''}`;
      }
      assert.notEqual(message, '', text);
      assert.equal(message.includes(secret), false, `${text}\n${message}`);
    }
    const config = readConfig({ text: `mode: test\n${BASIC_YAML}`, file: 'x.yaml', env: {} });
    assert.doesNotMatch(
      `${JSON.stringify(config)} ${String(config)}`,
      /secret-0123|correct horse/,
      'a configuration that is printed by accident',
    );
  });

  test('CRY-10 · everything comes from the lock file, whole and unrunnable: no install script but the one that is approved (ASVS 15.2.1)', () => {
    const { lockfileVersion, packages }: { readonly lockfileVersion: number; readonly packages: Readonly<Record<string, Locked>> } = Object(
      JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')),
    );
    assert.ok(lockfileVersion >= 3);
    const foreign = Object.entries(packages).filter(([path, locked]) => path.startsWith('node_modules/') && locked.link !== true);
    assert.ok(foreign.length > 50);
    for (const [path, locked] of foreign) {
      assert.match(locked.integrity ?? '', /^sha512-/, path);
      // Nothing from a repository, a folder or an address of somebody's own; the registry is the reader's.
      assert.match(locked.resolved ?? 'https://', /^https:\/\//, path);
    }
    assert.deepEqual(
      foreign.filter(([, locked]) => locked.hasInstallScript === true).map(([path]) => path),
      ['node_modules/node'],
    );
    for (const file of globSync('packages/*/package.json', { cwd: ROOT })) {
      const { scripts = {} }: { readonly scripts?: Readonly<Record<string, string>> } = Object(
        JSON.parse(readFileSync(join(ROOT, file), 'utf8')),
      );
      for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(scripts[name], undefined, file);
    }
  });

  test('CRY-10 · the same sources build to the same bytes (ASVS 15.1.1)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hufu-build-'));
    const build = async (name: string): Promise<string> => {
      const out = join(folder, name);
      await run(process.execPath, [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        '-p',
        join(ROOT, 'packages/protocol/tsconfig.json'),
        '--outDir',
        out,
        '--tsBuildInfoFile',
        join(out, 'info'),
      ]);
      return globSync('**/*.{js,d.ts,map}', { cwd: out })
        .toSorted()
        .map((file) => `${file}\n${readFileSync(join(out, file), 'utf8')}`)
        .join('\n');
    };
    const [one, other] = [await build('a'), await build('b')];
    rmSync(folder, { recursive: true, force: true });
    assert.ok(one.length > 10_000);
    assert.equal(one, other);
  });
});

describe('CRY: what is handed out', () => {
  const here = arena();

  test('CRY-05 · every secret has 128 bits or more, and no two are alike (ASVS 7.2.3, RFC 6749 §10.10)', async () => {
    const seen = new Map<string, Set<string>>();
    const note = (kind: string, text: string): void => {
      assert.match(text, /^[A-Za-z0-9_-]+$/, kind);
      assert.ok(text.length * 6 >= 128, `${kind}: ${text.length} characters`);
      const texts = seen.get(kind) ?? new Set<string>();
      assert.equal(texts.has(text), false, `${kind} twice`);
      seen.set(kind, texts.add(text));
    };
    for (let i = 0; i < 12; i++) {
      const agent = await signedIn(here.issuer);
      const { refresh: token } = await tokensOf(here.issuer, SPA, undefined, agent);
      // docs/decisions/0002: prefix, secret, head, seal.
      note('the secret of a refresh token', token.slice(4, 28));
      note('its seal', token.slice(-24));
      note('the secret of a session', agent.cookies.get('hufu_session')?.slice(4, 28) ?? '');
      note('the id of a browser', agent.cookies.get('hufu_browser') ?? '');
      note('the token of a form', (await agent.get('/signin')).hidden['csrf'] ?? '');
      await revoke(here.issuer, token, 'spa');
    }
  });
});

const SECRET = String.raw`[\w.]*(?:secret|hash|seal|mac|csrf|digest|verifier|signature|password|derived)(?:Text|Token)?`;
const COMPARED = new RegExp(
  String.raw`(?<![\w.])(${SECRET})\s*[!=]==?\s*([\w.'"\x60]+)|(?<![\w.])([\w.)"]+)\s*[!=]==?\s*(${SECRET})(?![\w.(])`,
  'gi',
);
const SEARCHED =
  /\.(?:includes|startsWith|endsWith|indexOf|has)\((?:[\w.]*\.)?(?:secret|seal|mac|csrf|digest|verifier|signature|password)\)/i;

/** Whether there is a secret, of which kind it is, and how long it is, are no secrets. */
function comparesSecret(line: string): boolean {
  if (SEARCHED.test(line)) return true;
  return [...line.matchAll(COMPARED)].some(isTelling);
}

function isTelling([, left, right, other]: RegExpMatchArray): boolean {
  const operand = (left === undefined ? other : right) ?? '';
  return !/^(?:undefined|null|['"`][^)]*|\d+|[A-Z_]+)$|\.length$/.test(operand) && !/\.(?:length|kind)$/.test(left ?? '');
}

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

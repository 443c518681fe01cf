/** The program as it is published: it starts, hashes a password in its thread, signs a token, and needs no package that it does not name. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SWAGGER_FILES } from '../packages/server/src/admin/swagger-ui.ts';
import { type Bundle, bundleHufu, packageOf } from './bundle.ts';
import { freePort } from './provision/free-port.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('the bundle', () => {
  let folder = '';
  let bundle: Bundle;

  before(async () => {
    // In the package, as deep as `dist`, so that it finds what the published one would.
    folder = await mkdtemp(join(ROOT, 'packages/hufu/.bundle-'));
    // What `tsc -b` and an older bundle have left.
    for (const left of ['commands/token.js', 'chunks/old-chunk.js']) {
      await mkdir(dirname(join(folder, left)), { recursive: true });
      await writeFile(join(folder, left), "import '@hufu/client/client';\n");
    }
    bundle = await bundleHufu(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('its packages are the dependencies of hufu, at the versions that ours have', () => {
    const { dependencies } = manifest('packages/hufu');
    assert.deepEqual(Object.keys(dependencies).sort(), bundle.packages);
    const ours = ['server', 'store', 'hufu'].map((name) => manifest(`packages/${name}`).dependencies);
    for (const [name, version] of Object.entries(dependencies))
      for (const others of ours) if (others[name] !== undefined) assert.equal(others[name], version, name);
  });

  test('what is published is what it needs, and nothing of it names a package that is not a dependency', async () => {
    const copy = join(folder, 'package');
    await mkdir(copy);
    for (const name of ['package.json', 'bin', 'src']) await cp(join(ROOT, 'packages/hufu', name), join(copy, name), { recursive: true });
    for (const name of ['main.js', 'chunks', 'console']) await cp(join(folder, name), join(copy, 'dist', name), { recursive: true });
    // As a build leaves it that was not cleaned.
    await mkdir(join(copy, 'dist/commands'));
    await writeFile(join(copy, 'dist/commands/token.js'), '');
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: copy });
    const [packed]: { files: { path: string }[] }[] = JSON.parse(stdout);
    const files = (packed ?? assert.fail(stdout)).files.map(({ path }) => path);
    const page = globSync('dist/console/**/*.*', { cwd: copy });
    const chunks = globSync('dist/chunks/**/*.*', { cwd: copy }).concat(globSync('dist/chunks/swagger-ui/{LICENSE,NOTICE}', { cwd: copy }));
    const browser = globSync('src/demo/browser/*', { cwd: copy });
    assert.ok(browser.length > 0 && !chunks.some((path) => path.includes('old-chunk')));
    assert.deepEqual(files.toSorted(), ['bin/hufu.mjs', 'dist/main.js', 'package.json', ...chunks, ...page, ...browser].toSorted());

    const known = new Set(Object.keys(manifest('packages/hufu').dependencies));
    assert.ok(page.includes('dist/console/index.html') && !page.some((path) => path.endsWith('.map')), 'the console, without source maps');
    for (const path of files.filter((path) => /\.m?js$/.test(path) && !/^(?:src|dist\/console)\//.test(path))) {
      const source = await readFile(join(copy, path), 'utf8');
      for (const [, fixed, late] of source.matchAll(/^(?:import|export)\b[^'"\n]*["']([^"'\n]+)["'];?$|\bimport\("([^"\n]+)"\)/gm))
        assert.ok(isThere(fixed ?? late ?? '', known), `${path} names ${fixed ?? late}`);
    }
    const { exports, bin }: { readonly exports: Record<string, string>; readonly bin: Record<string, string> } = JSON.parse(
      await readFile(join(copy, 'package.json'), 'utf8'),
    );
    for (const target of [...Object.values(exports), ...Object.values(bin)]) assert.ok(files.includes(target.replace('./', '')), target);
  });

  test('every thread that the sources start by the name of a file is beside whoever starts it', () => {
    const workers = globSync('packages/*/src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/`\.\/([a-z-]+)\$\{/g)].map(([, name = '']) => name),
    );
    assert.ok(workers.length >= 2);
    for (const name of workers) assert.ok(existsSync(join(folder, 'chunks', `${name}.js`)), name);
  });

  test('a gateway alone starts from it, forwards, and has loaded the HTTP client that it forwards by', async () => {
    const behind = createHttpServer((request, response) => response.end(`behind: ${request.url}`)).listen(0, '127.0.0.1');
    await once(behind, 'listening');
    const port = await freePort();
    const config = join(folder, 'gateway.yaml');
    const gateway = {
      listen: `127.0.0.1:${port}`,
      origins: [`http://127.0.0.1:${port}`],
      audience: 'https://api.example',
      upstreams: { notes: { targets: [{ url: `http://127.0.0.1:${portOf(behind)}` }] } },
      routes: [
        { name: 'free', path: '/free', upstream: 'notes', token: 'none' },
        { name: 'notes', path: '/notes', upstream: 'notes', token: 'user' },
      ],
    };
    await writeFile(config, JSON.stringify({ issuer: 'http://localhost:4400', gateway }));
    const loaded = join(folder, 'gateway.loaded');
    const child = spawn(process.execPath, [bundle.main, 'gateway', '--config', config], noting(loaded));
    const ended = once(child, 'exit');
    try {
      const reply = await answerOf(`http://127.0.0.1:${port}/free/x`, child);
      assert.equal(await reply.text(), 'behind: /free/x');
      assert.equal((await fetch(`http://127.0.0.1:${port}/notes`)).status, 401);
      assert.match(await readFile(loaded, 'utf8'), /^undici$/m);
    } finally {
      child.kill();
      await ended;
      behind.closeAllConnections();
      behind.close();
    }
  });

  test('a start from it is the whole server: it hashes a password in its thread and signs a token, loads nothing of a gateway that it has not, and the demo finds its files', async () => {
    const port = await freePort();
    const data = join(folder, 'data');
    const config = join(folder, 'hufu.yaml');
    const machine = {
      client_id: 'machine',
      client_secret: 'a machine knows this and nobody else',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
      scope: 'read',
    };
    const settings = {
      issuer: `http://localhost:${port}`,
      listen: `127.0.0.1:${port}`,
      data_dir: data,
      clients: [machine],
      users: [{ username: 'mei', password: 'a tally in two halves' }],
      resources: [{ identifier: 'https://api.example', scopes: ['read'] }],
      mode: 'test',
    };
    await writeFile(config, JSON.stringify(settings));
    const loaded = join(folder, 'start.loaded');
    const child = spawn(process.execPath, [bundle.main, 'start', '--config', config], noting(loaded));
    const ended = once(child, 'exit');
    try {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'machine', client_secret: machine.client_secret });
      const reply = await answerOf(`${settings.issuer}/oauth/token`, child, { method: 'POST', body });
      assert.match(await reply.text(), /"token_type":"Bearer"/);
      const names = await readFile(loaded, 'utf8');
      assert.match(names, /^yaml$/m);
      assert.doesNotMatch(names, /^undici$|run-edge|open-console/m);
      const page = await (await fetch(`${settings.issuer}/console`)).text();
      const [, script = ''] = /src="(\/console\/assets\/[^"]+\.js)"/.exec(page) ?? assert.fail(page);
      assert.equal((await fetch(settings.issuer + script)).status, 200);
      for (const name of SWAGGER_FILES) {
        const file = await fetch(`${settings.issuer}/admin/docs/${name}`);
        const copied = await readFile(join(folder, 'chunks/swagger-ui', name));
        assert.ok(file.status === 200 && copied.equals(Buffer.from(await file.arrayBuffer())), name);
      }
    } finally {
      child.kill();
      await ended;
    }
    // As `demo/browser-files.ts` looks for them from its chunk.
    assert.ok(existsSync(join(folder, 'chunks/../../src/demo/browser/app.js')));
  });
});

/** A line in `file` for each module that a program asks for. */
function noting(file: string): SpawnOptions {
  const hook = `
    import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) { appendFileSync(${JSON.stringify(file)}, name + '\\n'); return next(name, context); } });
  `;
  const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
  return { env, stdio: ['ignore', 'ignore', 'inherit'] };
}

/** The first answer of a program that is starting. */
async function answerOf(url: string, child: ChildProcess, init: RequestInit = {}): Promise<Response> {
  for (let tries = 0; tries < 3_600 && child.exitCode === null; tries++) {
    const reply = await fetch(url, init).catch(() => undefined);
    if (reply !== undefined) return reply;
    await sleep(25);
  }
  assert.fail('it did not start');
}

function isThere(id: string, known: ReadonlySet<string>): boolean {
  return /^(?:node:|\.)/.test(id) || known.has(packageOf(id));
}

function manifest(folder: string): { readonly dependencies: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { freePort } from '../support/hufu.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { matches, readBlocks, readGuide, runGuide } from './guide.ts';
import { hufuCommand, ROOT, type Running, startExample, startHufu, waitFor } from './running.ts';

const GUIDES = globSync('docs/guides/*.md', { cwd: ROOT })
  .map((path) => basename(path))
  .toSorted();

/** What runs while the commands of a guide are tried. */
interface Stage {
  /** Undefined: the demo. */
  readonly config: string | undefined;
  readonly example?: string;
  /** Where the guide says that the example listens. */
  readonly printed?: string;
  /** The example finds one at `REDIS_URL`. */
  readonly redis?: true;
  /** There is a gateway in front of the example, at http://localhost:4401 in print. */
  readonly edge?: true;
}

const WEB_APP: Stage = { config: 'examples/web-app/hufu.yaml', example: 'web-app', printed: 'http://localhost:3000' };
const API: Stage = { config: 'examples/api/hufu.yaml', example: 'api', printed: 'http://localhost:3001' };

const STAGES: Readonly<Record<string, Stage>> = {
  'quickstart.md': { config: undefined },
  'quickstart.zh-CN.md': { config: undefined },
  'client-authentication.md': { config: 'examples/client-keys/hufu.yaml' },
  'pushed-and-signed-requests.md': { config: 'examples/pushed-requests/hufu.yaml' },
  'rich-authorization-requests.md': { config: 'examples/pushed-requests/hufu.yaml' },
  'dpop.md': { config: 'examples/dpop/hufu.yaml' },
  'machine-to-machine.md': API,
  'protect-an-api.md': API,
  'status-lists.md': { config: 'examples/api/hufu.yaml' },
  'why-was-this-refused.md': API,
  'keys-and-rotation.md': API,
  'sqlite-and-postgres.md': API,
  'operate.md': API,
  'metrics.md': API,
  'config-as-code.md': { config: 'examples/config-as-code/hufu.yaml' },
  'replay.md': { config: 'examples/api/hufu.yaml' },
  'cli.md': { config: 'examples/config-as-code/hufu.yaml' },
  'audit.md': API,
  'webhooks.md': { config: 'examples/webhooks/hufu.yaml', printed: 'http://localhost:3000' },
  'configuration.md': API,
  'flow-control.md': { config: undefined, example: 'flow', printed: 'http://localhost:3001' },
  'gateway.md': { config: 'examples/gateway/hufu.yaml', example: 'gateway', printed: 'http://localhost:3000', edge: true },
  'limits.md': { config: 'examples/limits/hufu.yaml' },
  'revocation.md': { config: 'examples/revocation/hufu.yaml' },
  'token-handler.md': { config: 'examples/edge-spa/hufu.yaml', example: 'edge-spa', printed: 'http://localhost:3000', edge: true },
  'passport.md': {
    config: 'examples/passport-service/hufu.yaml',
    example: 'passport-service',
    printed: 'http://localhost:3000',
    edge: true,
  },
  'refresh-tokens.md': { config: 'examples/refresh-tokens/hufu.yaml' },
  'refresh-tokens.zh-CN.md': { config: 'examples/refresh-tokens/hufu.yaml' },
  'devices.md': { config: undefined },
  'mcp.md': { config: 'examples/mcp/hufu.yaml', example: 'mcp', printed: 'http://localhost:3001' },
  'ciba.md': { config: 'examples/ciba/hufu.yaml' },
  'queue.md': { config: undefined, example: 'queue', printed: 'http://localhost:3001', redis: true },
  'registration.md': { config: 'examples/registration/hufu.yaml' },
  'test-with-a-clock.md': { config: 'examples/test-with-a-clock/hufu.yaml' },
  'web-app.md': WEB_APP,
  'sign-in-pages.md': WEB_APP,
  'sign-in-methods.md': { config: 'examples/step-up/hufu.yaml' },
  'sign-out.md': WEB_APP,
  'mail-and-recovery.md': { config: 'examples/mail/hufu.yaml' },
  'sign-up.md': { config: 'examples/sign-up/hufu.yaml' },
  'passkeys.md': { config: 'examples/sign-up/hufu.yaml' },
  'account-centre.md': { config: 'examples/sign-up/hufu.yaml' },
  'token-workbench.md': { config: undefined },
  'console.md': { config: undefined },
  'upstream-sign-in.md': { config: 'examples/upstream-sign-in/hufu.yaml' },
};

for (const guide of GUIDES) {
  const commands = readBlocks(readGuide(guide)).filter((block) => block.info === 'sh run');
  if (commands.length === 0) continue;
  test(`the commands of docs/guides/${guide} do what it says`, async () => {
    const stage = STAGES[guide];
    assert.ok(stage !== undefined, 'it has commands, and no stage here');
    const port = await freePort();
    const example = `http://localhost:${port}`;
    const variables = stage.printed?.endsWith('3001') === true ? { API_URL: example } : { APP_URL: example };
    const edge = stage.edge === true ? `http://localhost:${await freePort()}` : undefined;
    const hufu = await startHufu(stage.config, edge === undefined ? variables : { EDGE_URL: edge, SERVICE_URL: example });
    let app: Running | undefined;
    let redis: TestRedis | undefined;
    try {
      if (stage.redis === true) redis = await startRedis();
      if (stage.example !== undefined) {
        const redisUrl = redis === undefined ? {} : { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
        const edgeUrl = edge === undefined ? {} : { EDGE_URL: edge };
        app = startExample(stage.example, { ...variables, ...redisUrl, ...edgeUrl, PORT: String(port), ISSUER: hufu.issuer });
        await waitFor(`${example}/`, app);
      }
      const data = hufu.env['HUFU_DATA_DIR'] ?? '';
      const addresses = {
        // First: what follows may hold it.
        '/tmp/': `${dirname(data)}/`,
        'http://localhost:4400': hufu.issuer,
        ...(edge === undefined ? {} : { 'http://localhost:4401': edge }),
        ...(stage.printed === undefined ? {} : { [stage.printed]: example }),
        ...(stage.example === undefined ? {} : { [`data/examples/${stage.example}`]: data }),
      };
      for (const { block, output, expected } of await runGuide(readGuide(guide), addresses, hufu.env)) {
        const place = `docs/guides/${guide}:${block.line}`;
        assert.doesNotMatch(output, /command not found|No such file|curl: \(|^\s+at .*\(file:/m, place);
        if (expected !== undefined) assert.ok(matches(output, expected), `${place} says\n${expected}\nand there came\n${output}`);
      }
    } finally {
      await app?.stop();
      await redis?.stop();
      await hufu.stop();
    }
  });
}

test('a guide with commands has a stage here, and each stage a guide with commands', () => {
  const withCommands = GUIDES.filter((guide) => readBlocks(readGuide(guide)).some((block) => block.info === 'sh run'));
  assert.deepEqual(Object.keys(STAGES).toSorted(), withCommands);
});

test('every configuration in the guides and the examples is one that Hufu reads without a warning', () => {
  const names = GUIDES.flatMap((guide) => [...readGuide(guide).matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name = '']) => name));
  const known = Object.fromEntries(
    names.map((name) => [name, SAMPLES[/_[A-Z]+$/.exec(name)?.[0] ?? ''] ?? `${name}-0123456789abcdef0123456789`]),
  );
  for (const guide of GUIDES) {
    for (const { info, text, line } of readBlocks(readGuide(guide))) {
      if (info !== 'yaml') continue;
      const { warnings } = readConfig({ text, file: `docs/guides/${guide}:${line}`, env: known });
      assert.deepEqual(warnings, [], guide);
    }
  }
  for (const file of globSync('examples/*/hufu.yaml', { cwd: ROOT })) {
    assert.deepEqual(readConfig({ text: readFileSync(join(ROOT, file), 'utf8'), file, env: {} }).warnings, []);
  }
});

/** Of variables that need a form, by how their names end. */
const SAMPLES: Readonly<Record<string, string>> = {
  _HASH: '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$VGhpcnR5LXR3byBieXRlcyBvZiBub3RoaW5nIHJlYWw',
  _MARK: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
};

test('every link in the guides leads to a file, and to a heading of it', () => {
  const broken: string[] = [];
  for (const guide of GUIDES) {
    for (const [, target = ''] of readGuide(guide).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', heading] = target.split('#', 2);
      const file = path === '' ? join(ROOT, 'docs/guides', guide) : join(ROOT, 'docs/guides', path);
      if (!existsSync(file)) broken.push(`${guide}: ${target}`);
      else if (heading !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(heading)) broken.push(`${guide}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** As GitHub makes them. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('the index names every guide and every example', () => {
  const index = readGuide('README.md');
  const guides = GUIDES.filter((guide) => guide !== 'README.md' && !index.includes(`](${guide})`));
  const examples = globSync('examples/*/package.json', { cwd: ROOT }).map((path) => basename(dirname(path)));
  const texts = GUIDES.map(readGuide).join('\n');
  assert.deepEqual([...guides, ...examples.filter((name) => !texts.includes(`examples/${name}`))], []);
});

test('every command of hufu that a guide prints exists', async () => {
  const overview = hufuCommand(['help'], {});
  await overview.ended();
  const names = overview.lines.flatMap((line) => /^ {2}(\S+(?: \S+){0,2}) {2,}/.exec(line)?.[1] ?? []);
  assert.ok(names.length > 5);
  const unknown: string[] = [];
  for (const guide of GUIDES) {
    for (const [, words = ''] of readGuide(guide).matchAll(/\bnpx hufu ([a-z]+(?: [a-z]+(?:-[a-z]+)*){0,2})/g)) {
      // `hufu revoke …` stands for all that begin so.
      if (!names.some((name) => words === name || words.startsWith(`${name} `) || name.startsWith(`${words} `)))
        unknown.push(`${guide}: ${words}`);
    }
  }
  assert.deepEqual(unknown, []);
});

test('an output matches what stands for it, and nothing else does', () => {
  assert.ok(matches('a 1 b\nc\n', 'a … b\nc'));
  assert.ok(matches('a\nx\ny\nc', 'a\n…\nc'));
  assert.ok(!matches('a 1 b\nc\nd', 'a … b\nc'));
  assert.ok(!matches('a.b', 'axb'));
});

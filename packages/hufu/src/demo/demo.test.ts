import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '@hufu/server/config/config';
import { readConfig } from '@hufu/server/config/read-config';
import { readBrowserFiles } from './browser-files.ts';
import { DEMO_CONFIG } from './demo-config.ts';
import { demoConfigWithEdge, demoEdgeOrigin } from './demo-edge.ts';
import { demoCommands, demoSummary } from './demo-summary.ts';
import { demoWords } from './demo-words.ts';
import { Notes } from './notes.ts';
import { ownJwksUri } from './notes-api.ts';

function config(env: Readonly<Record<string, string>> = {}): Config {
  return readConfig({ text: DEMO_CONFIG, file: 'the demo', env });
}

test('the demo is at port 4400, and moves as a whole to where HUFU_ISSUER says', () => {
  assert.equal(config().issuer, 'http://localhost:4400');
  assert.deepEqual(config().listen, { host: '127.0.0.1', port: 4400 });
  const moved = config({ HUFU_ISSUER: 'http://localhost:5500' });
  assert.deepEqual(moved.listen, { host: '127.0.0.1', port: 5500 });
  assert.deepEqual(moved.warnings, []);
  assert.doesNotMatch(JSON.stringify(moved) + demoSummary(moved), /4400/);
  assert.equal(moved.resources[0]?.identifier, 'http://localhost:5500/demo/api');
});

test('the printed commands are one line each, and nothing in them needs to be quoted otherwise', () => {
  const commands = demoCommands(config());
  for (const command of commands) assert.doesNotMatch(command, /\n|undefined|\[secret\]/);
  assert.ok(demoSummary(config()).includes(`\n${commands[0]}\n${commands[1]}\n`));
});

test('the gateway of the demo is one port above the issuer, or where HUFU_EDGE says; elsewhere there is none', () => {
  const cases: readonly (readonly [Record<string, string>, string | undefined])[] = [
    [{}, 'http://localhost:4401'],
    [{ HUFU_ISSUER: 'http://localhost:5500' }, 'http://localhost:5501'],
    [{ HUFU_ISSUER: 'http://127.0.0.1' }, 'http://127.0.0.1:81'],
    [{ HUFU_ISSUER: 'http://localhost:65535' }, undefined],
    [{ HUFU_ISSUER: 'https://demo.example' }, undefined],
    [{ HUFU_ISSUER: 'https://demo.example', HUFU_EDGE: 'https://edge.example' }, 'https://edge.example'],
  ];
  for (const [env, origin] of cases) assert.equal(demoEdgeOrigin(env), origin, JSON.stringify(env));
});

test('with its gateway the demo is what it was, and one client more', () => {
  const text = demoConfigWithEdge('http://localhost:5501', 'http://127.0.0.1:9');
  const { clients, gateway, warnings, ...rest } = readConfig({ text, file: 'the demo', env: {} });
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    clients.map(({ clientId }) => String(clientId)),
    ['demo-edge', ...config().clients.map(({ clientId }) => String(clientId))],
  );
  assert.deepEqual(gateway?.origins, ['http://localhost:5501']);
  assert.equal(rest.issuer, config().issuer);
  assert.match(demoSummary(config(), 'http://localhost:5501'), /At the edge +http:\/\/localhost:5501\//);
});

test('the password of a database is not printed', () => {
  const text = demoSummary(config({ HUFU_DATABASE: 'postgres://hufu:hunter2@db.example/hufu' }));
  assert.doesNotMatch(text, /hunter2|db\.example/);
});

test('the keys are asked for at the socket that this process listens on, where it can be named', () => {
  const cases: readonly (readonly [Record<string, string>, string | undefined])[] = [
    [{}, 'http://127.0.0.1:4400/oauth/jwks'],
    [{ HUFU_ISSUER: 'http://localhost:8080', HUFU_LISTEN: '0.0.0.0:4400' }, 'http://127.0.0.1:4400/oauth/jwks'],
    [{ HUFU_LISTEN: ':4400' }, 'http://127.0.0.1:4400/oauth/jwks'],
    [{ HUFU_LISTEN: '[::1]:4400' }, undefined],
    [{ HUFU_LISTEN: '10.0.0.1:4400' }, undefined],
    [{ HUFU_LISTEN: '127.0.0.1:0' }, undefined],
    [{ HUFU_ISSUER: 'https://demo.example', HUFU_LISTEN: '127.0.0.1:4400' }, undefined],
  ];
  for (const [env, expected] of cases) assert.equal(ownJwksUri(config(env)), expected, JSON.stringify(env));
});

test('the notebook keeps 10 notes, the newest first', () => {
  const notes = new Notes(0);
  for (let at = 0; at < 30; at++) notes.write(`note ${at}`, 'tiger', at * 1000);
  assert.equal(notes.all().length, 10);
  assert.deepEqual(notes.all()[0], { text: 'note 29', by: 'tiger', written_at: '1970-01-01T00:00:29.000Z' });
  assert.equal(notes.all().at(-1)?.text, 'note 20');
});

test('both languages have the same words, with the same places to fill in', () => {
  const places = (value: unknown): unknown =>
    typeof value === 'string'
      ? [...value.matchAll(/\{\w+\}/g)].map(([place]) => place).toSorted()
      : Object.fromEntries(Object.entries(Object(value)).map(([name, inner]) => [name, places(inner)]));
  assert.deepEqual(places(demoWords('zh-CN')), places(demoWords('en')));
});

test('every word that the script looks up is there, and every module that it imports is served', () => {
  const words = new Set(Object.keys(demoWords('en').script));
  const files = readBrowserFiles();
  const served = new Set(files.map(({ path }) => path));
  for (const { body } of files) {
    for (const [, name = ''] of body.matchAll(/words\['(\w+)'\]/g)) assert.ok(words.has(name), name);
    for (const [, kind = ''] of body.matchAll(/new Failure\('(\w+)'/g)) assert.ok(words.has(kind), kind);
    for (const [, file = ''] of body.matchAll(/from '\.\/([\w.]+)'/g)) assert.ok(served.has(`/demo/${file}`), file);
    assert.doesNotMatch(body, /innerHTML|insertAdjacentHTML|eval\(|localStorage|https?:\/\//);
  }
});

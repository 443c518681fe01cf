import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { readBasicCredentials } from './basic-auth.ts';
import { formatBearerChallenge, readBearerToken } from './bearer.ts';
import { readClientMetadata } from './client-metadata.ts';
import { readDuration } from './duration.ts';
import { OAuthError } from './errors.ts';
import { readForm, readQuery } from './form.ts';
import { chooseLocale } from './locale.ts';
import { findDisplayFault } from './localized.ts';
import { isCodeVerifier, readCodeChallenge } from './pkce.ts';
import { appendToRedirect, checkRedirectUri, findRedirectUriFault } from './redirect-uri.ts';
import { isScopeToken, readScope } from './scope.ts';
import { findWebUriFault } from './web-uri.ts';

const HERE = new URL('.', import.meta.url);
const LENGTH = 65_536;

/** What every reader is fed, 64 KiB of each. */
const PATTERNS: readonly string[] = [
  'a',
  '&',
  '=',
  'a&',
  'a=',
  '&=',
  '%',
  '%4',
  '%41',
  '%ff',
  '+',
  ' ',
  'a ',
  '.',
  '-',
  '/',
  ':',
  '@',
  '[',
  ':]',
  '#',
  ',',
  ';',
  ';q=',
  'a,',
  '"',
  '\\',
  '\0',
  'é',
  '。',
  '😀',
];
/** What looks right at first, and what a few of the patterns follow. */
const BEGINNINGS: readonly string[] = ['https://', 'https://a', 'http://127.0.0.1:', 'http://[::1]', 'com.example:/', 'Basic ', 'Bearer '];
const FOLLOWING: readonly string[] = ['a', '.', ':', '@', '%41', '='];

/** Every reader of this package that sees a stranger's text, and how much it may do with it. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  readForm: (text) => readForm(text),
  readFormListed: (text) => readForm(text, { repetition: 'listed', maxParameters: 1024 }).repeated,
  readQuery: (text) => readQuery(text),
  readScope: (text) => readScope(text),
  isScopeToken: (text) => isScopeToken(text),
  checkRedirectUriNative: (text) => checkRedirectUri(text, ['http://127.0.0.1/', text.slice(0, 2048)], 'native'),
  checkRedirectUriLong: (text) => checkRedirectUri(text, [text, `${text}x`], 'native'),
  findRedirectUriFault: (text) => findRedirectUriFault(text, 'native'),
  findRedirectUriFaultAtLimit: (text) => findRedirectUriFault(text.slice(0, 2048), 'native'),
  findWebUriFault: (text) => findWebUriFault(text.slice(0, 2048)),
  appendToRedirect: (text) => appendToRedirect('https://app.example/cb', [['state', text]], 'query'),
  readCodeChallenge: (text) => readCodeChallenge(text, 'S256', 'required'),
  isCodeVerifier: (text) => isCodeVerifier(text),
  chooseLocale: (text) => chooseLocale(text, text),
  readBasicCredentials: (text) => readBasicCredentials(text),
  readBasicCredentialsEncoded: (text) => readBasicCredentials(`Basic ${btoa(text.replace(/[^\0-\xff]/g, 'x'))}`),
  readBearerToken: (text) => readBearerToken(text),
  formatBearerChallenge: (text) => formatBearerChallenge({ realm: text }),
  findDisplayFault: (text) => findDisplayFault(text),
  readDuration: (text) => readDuration(text),
  readClientMetadata: (text) =>
    readClientMetadata(
      {
        client_name: text,
        scope: text,
        redirect_uris: [text],
        logo_uri: text,
        contacts: [text],
        [`tos_uri#${text}`]: text,
        jwks: { keys: [{ kty: 'RSA', n: text, e: text }] },
      },
      { source: 'configuration' },
    ),
};

/**
 * Runs acts and counts for each how often the blocks of this package's code are entered: steps, whatever the machine's speed. Only
 * functions that have not been compiled before are counted so, hence the worker. What regular expressions do is not counted; the last
 * test is about them.
 */
function countSteps(acts: Readonly<Record<string, () => void>>): Readonly<Record<string, number>> {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const steps: Record<string, number> = {};
  for (const [name, act] of Object.entries(acts)) {
    act();
    session.post('Profiler.takePreciseCoverage', (failure, coverage) => {
      assert.equal(failure, null);
      const ours = coverage.result.filter(({ url }) => url.startsWith(HERE.href) && !url.endsWith('.test.ts'));
      steps[name] = ours.flatMap((script) => script.functions.flatMap(({ ranges }) => ranges)).reduce((sum, { count }) => sum + count, 0);
    });
  }
  session.disconnect();
  return steps;
}

const texts = [
  ...PATTERNS.map((pattern) => pattern.repeat(LENGTH / pattern.length)),
  ...BEGINNINGS.flatMap((beginning) => FOLLOWING.map((pattern) => beginning + pattern.repeat(LENGTH / pattern.length))),
];
const characters = texts.reduce((sum, { length }) => sum + length, 0);

function readAll(reader: (text: string) => unknown): void {
  for (const text of texts) {
    try {
      reader(text);
    } catch (error) {
      assert.ok(error instanceof OAuthError, String(error));
    }
  }
}

if (isMainThread) {
  test('64 KiB of anything cost every reader a bounded number of steps for each character', async () => {
    const worker = new Worker(new URL(import.meta.url));
    const [steps] = await once(worker, 'message');
    for (const name of Object.keys(READERS)) {
      const taken: unknown = steps[name];
      assert.ok(
        typeof taken === 'number' && taken >= texts.length && taken <= 3 * characters,
        `${name}: ${taken} steps for ${characters} characters`,
      );
    }
    // The counter counts: each character of a form with one parameter is looked at.
    assert.ok(steps['readForm'] > LENGTH * 10, `${steps['readForm']} steps`);
  });
} else {
  parentPort?.postMessage(countSteps(Object.fromEntries(Object.entries(READERS).map(([name, reader]) => [name, () => readAll(reader)]))));
}

/** Regular expression literals, as they stand after an operator, a bracket or a keyword. */
const LITERAL = /(?<=[=(,:!&|?[]\s*|return\s+)\/(?![*/])((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/[dgimsuvy]*/g;

if (isMainThread)
  test('no regular expression of this package repeats a group, so that none can backtrack without bound', () => {
    const sources = readdirSync(HERE).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    const found = sources.flatMap((name) =>
      [...readFileSync(new URL(name, HERE), 'utf8').matchAll(LITERAL)].map((match) => `${name}: ${match[1]}`),
    );
    assert.ok(found.length >= 25, `${found.length} found`);
    for (const literal of found) {
      const withoutClasses = literal.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
      assert.doesNotMatch(withoutClasses, /\)[*+{]/, literal);
      assert.ok((withoutClasses.match(/[*+]|\{\d*,/g) ?? []).length <= 2, `${literal}: at most two repetitions`);
    }
    for (const name of sources) assert.doesNotMatch(readFileSync(new URL(name, HERE), 'utf8'), /new RegExp/, name);
  });

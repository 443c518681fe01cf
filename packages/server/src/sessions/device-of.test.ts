import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agentName, agentOf } from './device-of.ts';
import { fingerprintOf, matchesFingerprint } from './fingerprint.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const TABLET =
  'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const TV = 'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/2.2 TV Safari/537.36';

function named(agent: string, more: Readonly<Record<string, string>> = {}): { headers: Record<string, string> } {
  return { headers: { 'user-agent': agent, 'accept-language': 'de-CH,de;q=0.9', ...more } };
}

test('a browser is called by family, major version and system, and sorted by what it runs on', () => {
  assert.deepEqual(
    [FIREFOX, CHROME, PHONE, TABLET, TV, 'curl/8.0', ''].map((agent) => `${agentName(named(agent))} ${agentOf(named(agent)).type}`),
    [
      'Firefox 140 · Linux desktop',
      'Chrome 140 · Windows desktop',
      'Safari 18 · iOS mobile',
      'Safari 18 · iOS tablet',
      'Samsung Internet 2 · Tizen tv',
      'Browser other',
      'Browser other',
    ],
  );
});

test('Client Hints that came by themselves say more than the User-Agent', () => {
  const hints = {
    'sec-ch-ua': '"Chromium";v="140", "Brave";v="140", "Not=A?Brand";v="24"',
    'sec-ch-ua-platform': '"Windows"',
    'sec-ch-ua-mobile': '?0',
  };
  assert.equal(agentName(named(CHROME, hints)), 'Brave 140 · Windows');
  assert.equal(agentOf(named('Unknown/1', { 'sec-ch-ua-mobile': '?1' })).type, 'mobile');
});

test('whatever a browser writes, nothing of it but words of ours and a number comes out', () => {
  const words = /^(Browser|[A-Za-z ]{1,20}( \d{1,4})?( · [A-Za-z]{1,10})?|[A-Za-z]{1,10})$/;
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.constantFrom(FIREFOX, CHROME, PHONE, ''), (noise, agent) => {
      for (const text of [noise, `${agent} ${noise}`, `${noise} ${agent}`])
        assert.match(agentName(named(text, { 'sec-ch-ua': noise, 'sec-ch-ua-platform': `"${noise}"` })), words);
    }),
  );
});

test('a fingerprint passes updates, another language and another view, and neither another browser nor another system', () => {
  const left = fingerprintOf(named(FIREFOX));
  const passes = (agent: string, more = {}): boolean => matchesFingerprint(left, named(agent, more));
  assert.deepEqual(
    [
      passes(FIREFOX),
      passes(FIREFOX.replaceAll('140.0', '152.0')),
      passes(FIREFOX, { 'accept-language': 'en' }),
      passes(FIREFOX.replaceAll('140.0', '139.0')),
    ],
    [true, true, true, true],
  );
  assert.deepEqual(
    [
      passes(CHROME),
      passes(FIREFOX.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64')),
      passes(FIREFOX.replaceAll('140.0', '139.0'), { 'accept-language': 'en' }),
      passes(''),
    ],
    [false, false, false, false],
  );
  assert.equal(matchesFingerprint('of the version before', named(CHROME)), true, 'what nobody can read holds nobody back');
});

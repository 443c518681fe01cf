import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillUpstreamSettings, type UpstreamSettings } from './settings.ts';

const NOTES: UpstreamSettings = { name: 'notes', targets: [{ url: 'http://10.0.0.1:8080' }] };

test('what is left out has a default', () => {
  const full = fillUpstreamSettings({
    ...NOTES,
    targets: [{ url: 'http://10.0.0.3', tier: 7 }, { url: 'http://10.0.0.1:8080' }, { url: 'https://[::1]:8443/', name: 'six', weight: 3 }],
    queue: { length: 5 },
    checks: { path: '/up' },
  });
  assert.deepEqual(full.tiers, [
    [
      { url: 'http://10.0.0.1:8080', name: '10.0.0.1:8080', weight: 1, tier: 0 },
      { url: 'https://[::1]:8443/', name: 'six', weight: 3, tier: 0 },
    ],
    [{ url: 'http://10.0.0.3', name: '10.0.0.3', weight: 1, tier: 7 }],
  ]);
  assert.deepEqual([full.minLive, full.keepAliveMs, full.headTimeoutIdentities], [0.5, 1_500, 3]);
  assert.deepEqual(full.queue, { length: 5, timeoutMs: 1_000 });
  assert.deepEqual(full.retries, { attempts: 2, statuses: [502, 503, 504], share: 0.2, spare: 3 });
  assert.equal(full.checks?.path, '/up');
});

test('what cannot be is said by name', () => {
  const wrong: readonly (readonly [Partial<UpstreamSettings>, RegExp])[] = [
    [{ targets: [] }, /targets/],
    [{ targets: [{ url: 'http://a' }, { url: 'http://a' }] }, /one name/],
    [{ targets: [{ url: 'a:80' }] }, /the url of/],
    [{ targets: [{ url: 'ftp://a' }] }, /the url of/],
    [{ targets: [{ url: 'http://a/base' }] }, /the url of a/],
    [{ targets: [{ url: 'http://a?b' }] }, /the url of/],
    [{ targets: [{ url: 'http://user:pass@a' }] }, /the url of/],
    [{ targets: [{ url: 'http://a', weight: 0 }] }, /weight/],
    [{ targets: [{ url: 'http://a', weight: Number.NaN }] }, /weight/],
    [{ targets: [{ url: 'http://a', tier: -1 }] }, /tier/],
    [{ minLive: 1.1 }, /min_live/],
    [{ connections: 0 }, /connections/],
    [{ streams: 0.5 }, /streams/],
    [{ queue: { length: -1 } }, /queue/],
    [{ queue: { timeoutMs: 0 } }, /queue/],
    [{ timeouts: { connectMs: 0 } }, /connect/],
    [{ timeouts: { headMs: 0.5 } }, /head/],
    [{ keepAliveMs: 0 }, /keep-alive/],
    [{ health: { openMs: 5_000, maxOpenMs: 1_000 } }, /longest time open/],
    [{ health: { ratio: 0 } }, /ratio/],
    [{ health: { minimum: 0 } }, /minimum/],
    [{ health: { probes: 0 } }, /probes/],
    [{ health: { headTimeoutIdentities: 51 } }, /identities/],
    [{ checks: { path: 'up' } }, /path of checks/],
    [{ checks: { path: '/up\r\nx: y' } }, /path of checks/],
    [{ checks: { path: '/up', intervalMs: 0 } }, /interval/],
    [{ retries: { attempts: 6 } }, /retries/],
    [{ retries: { statuses: [404] } }, /status/],
    [{ retries: { share: 2 } }, /budget/],
  ];
  for (const [part, message] of wrong) assert.throws(() => fillUpstreamSettings({ ...NOTES, ...part }), message, JSON.stringify(part));
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readForm } from '@hufu/protocol/form';
import { openWorld } from '../testing/world.ts';
import { csrfToken, requireOwnForm } from './csrf.ts';

const world = await openWorld({ empty: true });
after(() => world.close());

const BROWSER = 'browser-id-of-24-charact';

function send(
  csrf: string | undefined,
  { site, browser = BROWSER, page = '/signin' }: { site?: string; browser?: string; page?: string } = {},
): void {
  const headers = {
    cookie: browser === '' ? '' : `__Host-hufu_browser=${browser}`,
    ...(site === undefined ? {} : { 'sec-fetch-site': site }),
  };
  requireOwnForm(world.ctx, world.http({ method: 'POST', headers }), readForm(csrf === undefined ? '' : `csrf=${csrf}`), page);
}

test('a form of our own page, sent from the browser that was shown it, passes (RFC 9700 §4.7)', () => {
  const token = csrfToken(world.ctx, BROWSER, '/signin');
  send(token);
  send(token, { site: 'same-origin' });
});

test('another site, another browser, another page, no cookie or no token is access_denied, and only the record says which (RFC 9700 §4.7)', () => {
  const token = csrfToken(world.ctx, BROWSER, '/signin');
  const cases: readonly (readonly [() => void, string])[] = [
    [() => send(token, { site: 'cross-site' }), 'Sec-Fetch-Site is cross-site'],
    [() => send(token, { site: 'same-site' }), 'Sec-Fetch-Site is same-site'],
    [() => send(token, { site: 'none' }), 'Sec-Fetch-Site is none'],
    [() => send(token, { site: 'x'.repeat(99) }), `Sec-Fetch-Site is ${'x'.repeat(20)}`],
    [() => send(token, { browser: '' }), 'the browser sent no cookie of ours'],
    [() => send(token, { browser: BROWSER.toUpperCase() }), 'the form token is not the one of this browser'],
    [() => send(token, { page: '/consent 7' }), 'the form token is not the one of this browser'],
    [() => send(undefined), 'the form token is not the one of this browser'],
    [() => send('x'), 'the form token is not the one of this browser'],
  ];
  for (const [act, detail] of cases)
    assert.throws(act, { code: 'access_denied', status: 403, description: 'the form could not be verified', detail });
});

test('the token is no secret of the server in disguise: it is bound to browser and page, and differs for both', () => {
  const tokens = [
    csrfToken(world.ctx, BROWSER, '/signin'),
    csrfToken(world.ctx, BROWSER, '/consent 1'),
    csrfToken(world.ctx, BROWSER, '/consent 2'),
    csrfToken(world.ctx, 'other', '/signin'),
  ];
  assert.equal(new Set(tokens).size, 4);
  for (const token of tokens) assert.match(token, /^[\w-]{43}$/);
});

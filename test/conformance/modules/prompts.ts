import assert from 'node:assert/strict';
import { authenticationRequest, type Changes, readError, sendRequest } from '../suite/authorization.ts';
import type { Client } from '../suite/client.ts';
import { type Flow, idTokenClaims, idTokenOf, signIn } from '../suite/flow.ts';
import { visibleText } from '../suite/html.ts';
import { asNumber } from '../suite/json.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { signIns } from '../suite/person.ts';
import { obtainClient } from '../suite/registration.ts';
import type { Module } from './module.ts';

/** What prompt=none may say where a page would be needed (OpenID Connect Core §3.1.2.6). */
export const NEEDS_A_PAGE: readonly string[] = ['interaction_required', 'login_required', 'account_selection_required', 'consent_required'];

/** oidcc-prompt-login: a second sign-in, and a later auth_time. */
export const promptLogin: Module = async (run) => {
  await againWithPage(run, 1, { prompt: 'login' });
};

/** oidcc-max-age-1: two seconds are more than one (OpenID Connect Core §3.1.2.1). */
export const maxAge1: Module = async (run) => {
  const second = await againWithPage(run, 2, { max_age: '1' });
  for (const claims of idTokenClaims(second)) {
    const authTime = asNumber(claims['auth_time'], 'auth_time, which max_age asks for');
    assert.ok(run.provider.nowSeconds() - authTime < 60, 'auth_time is not of now');
  }
};

async function againWithPage(run: ModuleRun, waitSeconds: number, changes: Changes): Promise<Flow> {
  const client = await obtainClient(run);
  const first = await signIn(run, client);
  await run.provider.wait(waitSeconds);
  const second = await signIn(run, client, { changes });
  assert.equal(signIns(second.journey), 1, 'the person was not asked to sign in again');
  assert.match(visibleText(second.journey.signInPage?.html ?? ''), /\bSign in\b/, 'the page to be photographed');
  const [before, after] = [idTokenOf(first).claims['auth_time'], idTokenOf(second).claims['auth_time']];
  if (before !== undefined && after !== undefined)
    assert.ok(asNumber(after, 'auth_time') > asNumber(before, 'auth_time'), `auth_time ${String(after)} after ${String(before)}`);
  return second;
}

/** oidcc-prompt-none-not-logged-in */
export const promptNoneNotLoggedIn: Module = async (run) => {
  const client = await obtainClient(run);
  await refusedSilently(run, client, { state: `${run.random(124)}-._~` });
};

/** prompt=none where nobody is signed in: an error at the client, and no page. */
export async function refusedSilently(run: ModuleRun, client: Client, changes: Changes = {}): Promise<void> {
  const parameters = authenticationRequest(run, client, { prompt: 'none', ...changes });
  const journey = await sendRequest(run, parameters);
  assert.equal(signIns(journey), 0, 'prompt=none showed a page');
  const error = readError(run, client, journey, parameters);
  assert.ok(NEEDS_A_PAGE.includes(error), `error ${error}`);
}

/** oidcc-prompt-none-logged-in */
export const promptNoneLoggedIn: Module = async (run) => {
  await againSilently(run, {}, () => ({ prompt: 'none' }));
};

/** oidcc-id-token-hint */
export const idTokenHint: Module = async (run) => {
  await againSilently(run, {}, (first) => ({ prompt: 'none', id_token_hint: idTokenOf(first).text }));
};

/** oidcc-max-age-10000: auth_time in both, and the same. */
export const maxAge10000: Module = async (run) => {
  const both = await againSilently(run, { max_age: '15000' }, () => ({ max_age: '10000' }));
  for (const flow of both) for (const claims of idTokenClaims(flow)) asNumber(claims['auth_time'], 'auth_time, which max_age asks for');
};

async function againSilently(run: ModuleRun, first: Changes, second: (flow: Flow) => Changes): Promise<readonly [Flow, Flow]> {
  const client = await obtainClient(run);
  const before = await signIn(run, client, { changes: first });
  await run.provider.wait(1);
  const after = await signIn(run, client, { changes: second(before) });
  const shown = after.journey.pages.filter((page) => page !== '' && page !== 'rp' && page !== 'form-post');
  assert.deepEqual(shown, [], 'a page was shown');
  const [one, other] = [idTokenOf(before).claims, idTokenOf(after).claims];
  assert.equal(other['sub'], one['sub'], 'sub');
  if (one['auth_time'] !== undefined && other['auth_time'] !== undefined) assert.equal(other['auth_time'], one['auth_time'], 'auth_time');
  return [before, after];
}

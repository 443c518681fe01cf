import assert from 'node:assert/strict';
import { authenticationRequest, sendRequest } from '../suite/authorization.ts';
import { assertErrorPage, assertUntouched } from '../suite/error-page.ts';
import { signIn } from '../suite/flow.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { obtainClient, type RegistrationOptions, refusedRegistration, registerClient, registrationRequest } from '../suite/registration.ts';
import type { Module } from './module.ts';

/** oidcc-ensure-registered-redirect-uri */
export const registeredRedirectUri: Module = async (run) => {
  await refusedOnPage(run, {}, (uri) => `${uri}/${run.random(10)}`, /redirect_uri is not registered/);
};

/** oidcc-redirect-uri-query-added */
export const redirectUriQueryAdded: Module = async (run) => {
  await refusedOnPage(run, {}, (uri) => `${uri}?foo=bar`, /redirect_uri is not registered/);
};

/** oidcc-redirect-uri-query-mismatch */
export const redirectUriQueryMismatch: Module = async (run) => {
  await refusedOnPage(run, { suffix: '?bar=foo' }, (uri) => uri.replace('?bar=foo', '?foo=bar'), /redirect_uri is not registered/);
};

/** oidcc-ensure-redirect-uri-in-authorization-request: with two registered, one has to be named. */
export const redirectUriMissing: Module = async (run) => {
  const members = { redirect_uris: [`${run.base}/callback`, 'https://example.org/redirect'] };
  await refusedOnPage(run, { members }, () => undefined, /redirect_uri is missing/);
};

/** oidcc-redirect-uri-query-OK */
export const redirectUriQueryOk: Module = async (run) => {
  await signIn(run, await registerClient(run, { suffix: '?bar=foo' }));
};

/** oidcc-redirect-uri-regfrag */
export const redirectUriFragment: Module = async (run) => {
  const error = await refusedRegistration(run, registrationRequest(run, { suffix: '#foobar' }));
  run.should(error === 'invalid_redirect_uri' || error === 'invalid_client_metadata', `the error is ${error}`);
};

/** RFC 6749 §4.1.2.1: the person is told, and sent nowhere. */
async function refusedOnPage(
  run: ModuleRun,
  options: RegistrationOptions,
  change: (registered: string) => string | undefined,
  phrase: RegExp,
): Promise<void> {
  const client = await obtainClient(run, options);
  const wrong = change(client.redirectUri);
  assert.notEqual(wrong, client.redirectUri);
  const journey = await sendRequest(run, authenticationRequest(run, client, { redirect_uri: wrong }));
  assertErrorPage(run, journey, phrase);
  assertUntouched(run, [client.redirectUri, ...(wrong === undefined ? [] : [wrong])]);
}

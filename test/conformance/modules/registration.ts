import assert from 'node:assert/strict';
import { authenticationRequest, authorizationUrl } from '../suite/authorization.ts';
import type { Place } from '../suite/browser.ts';
import { readTags, visibleText } from '../suite/html.ts';
import { mediaType, objectOf } from '../suite/https-client.ts';
import type { Json } from '../suite/json.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { refusedRegistration, registerClient, registrationRequest } from '../suite/registration.ts';
import type { Module } from './module.ts';

/** A picture of one point. */
const LOGO = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** oidcc-registration-logo-uri: the picture stands on the sign-in page. */
export const registrationLogoUri: Module = async (run) => {
  const logo = `${run.base}/logo.png`;
  run.site.publish(logo, () => ({ type: 'image/png', body: LOGO }));
  const { place } = await signInPage(run, { logo_uri: logo });
  const pictures = readTags(place.html).flatMap(({ name, attributes }) =>
    name === 'img' && attributes['src'] !== undefined ? [attributes['src']] : [],
  );
  const loaded = await Promise.all(
    pictures.filter((src) => !src.startsWith('data:')).map((src) => run.http.send(new URL(src, place.url).href)),
  );
  assert.ok(
    loaded.some((reply) => reply.status === 200 && reply.body.equals(LOGO) && mediaType(reply) === 'image/png'),
    `the logo is not on the page: ${pictures.join(' ')}`,
  );
};

/** oidcc-registration-policy-uri */
export const registrationPolicyUri: Module = (run) => linkOnSignInPage(run, 'policy_uri');
/** oidcc-registration-tos-uri */
export const registrationTosUri: Module = (run) => linkOnSignInPage(run, 'tos_uri');

async function linkOnSignInPage(run: ModuleRun, member: 'policy_uri' | 'tos_uri'): Promise<void> {
  const uri = `${run.base}/${member}.html`;
  const { place } = await signInPage(run, { [member]: uri });
  const links = readTags(place.html).filter(({ name, attributes }) => name === 'a' && attributes['href'] === uri);
  assert.equal(links.length, 1, `the page has ${links.length} links to ${member}`);
}

/** A fresh sign-in page of a client that has just registered, with its name on it. */
async function signInPage(run: ModuleRun, members: Json): Promise<{ readonly place: Place }> {
  const client = await registerClient(run, { members });
  const place = await run.browser.visit(authorizationUrl(run, authenticationRequest(run, client)));
  assert.equal(place.page, 'signin');
  assert.match(visibleText(place.html), /\bSign in\b/);
  assert.ok(visibleText(place.html).includes(String(client.registration['client_name'])), 'the client’s name');
  return { place };
}

/** oidcc-registration-sector-uri: a list that holds the redirect URI. */
export const registrationSectorUri: Module = async (run) => {
  const uri = publishSector(run, [`${run.base}/callback`]);
  const client = await registerClient(run, { members: { subject_type: 'pairwise', sector_identifier_uri: uri } });
  assert.equal(client.registration['sector_identifier_uri'], uri);
  assert.equal(run.site.requestsFor(uri).length, 1, 'the list was not fetched');
};

/** oidcc-registration-sector-bad: a list that does not (OpenID Connect Registration §5). */
export const registrationSectorBad: Module = async (run) => {
  const uri = publishSector(run, ['https://example.com/op']);
  const members = registrationRequest(run, { members: { subject_type: 'pairwise', sector_identifier_uri: uri } });
  const error = await refusedRegistration(run, members);
  run.should(error === 'invalid_client_metadata', `the error is ${error}`);
  assert.equal(run.site.requestsFor(uri).length, 1, 'the list was not fetched');
};

function publishSector(run: ModuleRun, redirectUris: readonly string[]): string {
  assert.ok(run.offers('subject_types_supported', 'pairwise'), 'pairwise is not offered: the module would be skipped');
  const uri = `${run.base}/redirect_uris.json`;
  run.site.publish(uri, () => ({ type: 'application/json', body: JSON.stringify(redirectUris) }));
  return uri;
}

/** oidcc-3rd_party-init-login (OpenID Connect Core §4, Registration §2, §4) */
export const thirdPartyInitLogin: Module = async (run) => {
  const uri = `${run.base}/initiate_login`;
  const { registration } = await registerClient(run, { members: { initiate_login_uri: uri } });
  assert.equal(registration['initiate_login_uri'], uri, 'the registration’s answer');
  const headers = { authorization: `Bearer ${String(registration['registration_access_token'])}`, accept: 'application/json' };
  const reply = await run.http.send(String(registration['registration_client_uri']), { headers });
  assert.equal(reply.status, 200, 'registration_client_uri');
  assert.equal(mediaType(reply), 'application/json', 'registration_client_uri');
  assert.equal(objectOf(reply, 'registration_client_uri')['initiate_login_uri'], uri, 'registration_client_uri');
};

/** oidcc-3rd_party-init-login-nohttps */
export const thirdPartyInitLoginNoHttps: Module = async (run) => {
  const uri = `${run.base}/initiate_login`.replace('https:', 'http:');
  const error = await refusedRegistration(run, registrationRequest(run, { members: { initiate_login_uri: uri } }));
  assert.equal(error, 'invalid_client_metadata');
};

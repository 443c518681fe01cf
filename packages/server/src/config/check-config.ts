import { foldUsername } from '@hufu/store/username';
import type { Mode } from './config.ts';
import { CONSOLE_CLIENT_ID } from './console-client-id.ts';
import { type ConfigNode, findText, findValue, listItems } from './node.ts';
import type { Spot } from './shape.ts';

/**
 * What several keys say together. Works on the document itself, so that it also speaks where single values are wrong, and everything
 * is told at once. `issuer` is undefined where it cannot be read.
 */
export function checkConfig(root: ConfigNode, issuer: string | undefined, spot: Spot): void {
  checkIssuer(root, issuer, spot);
  checkDatabase(root, spot.reading.mode, spot);
  warnOfOpenProxies(root, spot);
  checkForwarded(root, spot);
  checkCertificates(root, spot);
  checkAttested(root, spot);
  checkMail(root, spot);
  checkAdministrators(root, spot);
  checkConsole(root, spot);
}

function checkIssuer(root: ConfigNode, issuer: string | undefined, spot: Spot): void {
  const written = findValue(root, 'issuer');
  if (written === undefined && spot.reading.mode === 'production') {
    spot.at('issuer').report((findValue(root, 'mode') ?? root).place, 'is required in mode production', '', ['https://host[:port][/path]']);
    return;
  }
  const tls = findValue(root, 'tls');
  if (tls === undefined || issuer?.startsWith('http:') !== true) return;
  spot
    .at('issuer')
    .report((written ?? tls).place, 'must be https where tls is configured', JSON.stringify(issuer), ['https://host[:port][/path]']);
}

function checkDatabase(root: ConfigNode, mode: Mode | undefined, spot: Spot): void {
  const database = findValue(root, 'database');
  if (database === undefined || mode !== 'production' || findText(database) !== 'sqlite::memory:') return;
  spot
    .at('database')
    .report(database.place, 'would forget everything at the end, which is not for mode production', 'sqlite::memory:', [
      'sqlite:PATH',
      'postgres://…',
    ]);
}

function checkForwarded(root: ConfigNode, spot: Spot): void {
  const forwarded = findValue(findValue(root, 'policies'), 'forwarded_certificates');
  if (forwarded === undefined || listItems(findValue(root, 'trusted_proxies')).length > 0) return;
  spot.at('policies').at('forwarded_certificates').report(forwarded.place, 'has no effect without trusted_proxies', '');
}

/** A client that proves itself by a certificate, or has its tokens bound to one, needs a server that gets to see it. */
function checkCertificates(root: ConfigNode, spot: Spot): void {
  const forwarded = findValue(findValue(root, 'policies'), 'forwarded_certificates');
  const tls = findValue(root, 'tls');
  const asked = forwarded !== undefined || findText(findValue(tls, 'client_certificates')) === 'optional';
  const authority = findValue(forwarded, 'client_ca') ?? findValue(tls, 'client_ca');
  for (const [index, client] of listItems(findValue(root, 'clients')).entries()) {
    const here = spot.at('clients').at(index);
    const method = findValue(client, 'token_endpoint_auth_method');
    const name = findText(method);
    const bound = findValue(client, 'tls_client_certificate_bound_access_tokens');
    if (!asked && bound?.kind === 'scalar' && bound.value === true) {
      here.at('tls_client_certificate_bound_access_tokens').report(bound.place, NEEDS_CERTIFICATES, 'true');
    }
    if (method === undefined || (name !== 'tls_client_auth' && name !== 'self_signed_tls_client_auth')) continue;
    if (!asked) here.at('token_endpoint_auth_method').refuse(method, NEEDS_CERTIFICATES);
    else if (name === 'tls_client_auth' && authority === undefined)
      here.at('token_endpoint_auth_method').refuse(method, 'needs the authorities that issue the certificates (client_ca)');
  }
}

/** Whoever takes a name that is not in the file, by signing up, must not come to be an administrator by it. */
function checkAdministrators(root: ConfigNode, spot: Spot): void {
  const written = findValue(findValue(root, 'policies'), 'administrators');
  if (written?.kind !== 'map') return;
  const users = listItems(findValue(root, 'users')).map((user) => foldUsername(findText(findValue(user, 'username')) ?? ''));
  for (const { key, place } of written.entries) {
    if (users.includes(foldUsername(key))) continue;
    spot.at('policies').at('administrators').at(key).report(place, 'is no user of this file', JSON.stringify(key), ['a username of users']);
  }
}

/** The console's client is built in: one of that name in the file would be another one. */
function checkConsole(root: ConfigNode, spot: Spot): void {
  for (const [index, client] of listItems(findValue(root, 'clients')).entries()) {
    const id = findValue(client, 'client_id');
    if (id === undefined || findText(id) !== CONSOLE_CLIENT_ID) continue;
    spot.at('clients').at(index).at('client_id').refuse(id, 'is the console’s, which is built in');
  }
}

/** A client whose instances nobody may vouch for could never prove itself. */
function checkAttested(root: ConfigNode, spot: Spot): void {
  const attesters = listItems(findValue(findValue(root, 'policies'), 'trusted_attesters'));
  const named = new Set(attesters.flatMap((attester) => listItems(findValue(attester, 'clients')).map(findText)));
  for (const [index, client] of listItems(findValue(root, 'clients')).entries()) {
    const method = findValue(client, 'token_endpoint_auth_method');
    if (method === undefined || findText(method) !== 'attest_jwt_client_auth' || named.has(findText(findValue(client, 'client_id'))))
      continue;
    spot
      .at('clients')
      .at(index)
      .at('token_endpoint_auth_method')
      .refuse(method, 'needs an attester that names the client (policies.trusted_attesters)');
  }
}

/** In production nothing shows a mail but a mailbox. */
function checkMail(root: ConfigNode, spot: Spot): void {
  if (spot.reading.hasMail || spot.reading.mode !== 'production') return;
  const verification = findValue(findValue(root, 'policies'), 'sign_up_verification');
  if (verification !== undefined && findText(verification) === 'required')
    spot.at('policies').at('sign_up_verification').refuse(verification, 'needs mail', ['off', 'mail: …']);
  const methods = findValue(findValue(findValue(root, 'policies'), 'sign_in'), 'methods');
  if (methods !== undefined && listItems(methods).some((item) => findText(item) === 'email'))
    spot.at('policies').at('sign_in').at('methods').report(methods.place, 'needs mail for email', '', ['password', 'passkey', 'mail: …']);
}

const NEEDS_CERTIFICATES = 'needs tls.client_certificates: optional, or policies.forwarded_certificates';

function warnOfOpenProxies(root: ConfigNode, spot: Spot): void {
  for (const [index, node] of listItems(findValue(root, 'trusted_proxies')).entries()) {
    if (/\/0+$/.test(findText(node) ?? '')) spot.at('trusted_proxies').at(index).warn(node, 'lets everybody claim any address');
  }
}

import { createServer } from 'node:http';
import { inflateRawSync } from 'node:zlib';
import { type SamlKey, samlKey } from '@hufu/server/testing/saml';
import { Constants, IdentityProvider, ServiceProvider, setSchemaValidator } from 'samlify';
import { freePort } from '../hufu.ts';

/** `samlify` as an identity provider over HTTP: signs in whoever `nameId` says at once, and posts the answer back through the browser. */
export interface SamlIdp {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly key: SamlKey;
  /** What the service provider has said of itself; to be set before anybody comes. */
  metadata: string;
  nameId: string;
  format: string;
  /** The last AuthnRequest, as it was understood. */
  readonly lastRequest: () => SeenRequest | undefined;
  stop(): Promise<void>;
}

export interface SeenRequest {
  readonly id: string;
  readonly forceAuthn: string | undefined;
  readonly relayState: string;
}

export const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

export async function startSamlIdp(): Promise<SamlIdp> {
  // Schemas are not what these tests are about.
  setSchemaValidator({ validate: async () => 'skipped' });
  const port = await freePort();
  const entityId = `http://127.0.0.1:${port}/metadata`;
  const ssoUrl = `http://127.0.0.1:${port}/sso`;
  const key = samlKey();
  const settings = { metadata: '', nameId: 'id-of-mei', format: PERSISTENT };
  let last: SeenRequest | undefined;

  async function answer(query: URLSearchParams): Promise<string> {
    const idp = IdentityProvider({
      entityID: entityId,
      privateKey: key.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      signingCert: key.certificate,
      requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      nameIDFormat: [settings.format],
      singleSignOnService: [{ Binding: Constants.namespace.binding.redirect, Location: ssoUrl }],
      singleLogoutService: [{ Binding: Constants.namespace.binding.redirect, Location: ssoUrl }],
    });
    const sp = ServiceProvider({ metadata: settings.metadata });
    const request = await idp.parseLoginRequest(sp, 'redirect', { query: Object.fromEntries(query) });
    const { id } = Object(request.extract.request);
    const xml = inflateRawSync(Buffer.from(query.get('SAMLRequest') ?? '', 'base64')).toString();
    last = { id: String(id), forceAuthn: / ForceAuthn="([^"]*)"/.exec(xml)?.[1], relayState: query.get('RelayState') ?? '' };
    const made = await idp.createLoginResponse(sp, { extract: request.extract }, 'post', { email: settings.nameId });
    const { context, entityEndpoint } = Object(made);
    const field = (name: string, value: string): string => `<input type="hidden" name="${name}" value="${value}">`;
    return `<form method="post" action="${String(entityEndpoint)}">${field('SAMLResponse', String(context))}${field('RelayState', last.relayState)}</form>`;
  }

  const server = createServer((request, response) => {
    answer(new URL(request.url ?? '/', ssoUrl).searchParams).then(
      (page) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return Object.assign(settings, {
    entityId,
    ssoUrl,
    key,
    lastRequest: () => last,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

import type { Browser } from '../suite/browser.ts';
import type { HttpsClient } from '../suite/https-client.ts';
import { asText, isObject } from '../suite/json.ts';
import { ModuleRun } from '../suite/module-run.ts';
import type { Provider } from '../suite/provider.ts';
import { type FapiClient, fapiClient } from './clients.ts';
import type { FapiVariant } from './variant.ts';

/** Everything one run of one FAPI 2.0 module knows. */
export interface FapiRun {
  /** What the modules of OpenID Connect know too. */
  readonly run: ModuleRun;
  readonly variant: FapiVariant;
  readonly first: FapiClient;
  readonly second: FapiClient;
}

/** Those who connect with the certificates of the two clients. */
export interface Connections {
  readonly first: HttpsClient;
  readonly second: HttpsClient;
}

export async function startFapiRun(provider: Provider, connections: Connections, variant: FapiVariant, browser: Browser): Promise<FapiRun> {
  const document = variant.openid === 'openid_connect' ? 'openid-configuration' : 'oauth-authorization-server';
  const usual = {
    responseType: 'code',
    responseMode: 'default',
    registration: 'static',
    clientAuth: 'private_key_jwt',
    browser: 'scriptless',
  } as const;
  const run = await ModuleRun.start(provider, usual, browser, document);
  return {
    run,
    variant,
    first: fapiClient(variant, 'first', run.base, connections.first),
    second: fapiClient(variant, 'second', run.base, connections.second),
  };
}

/** An endpoint of discovery; for whoever shows a certificate the one that asks for it (RFC 8705 §5). */
export function endpoint({ run, variant }: FapiRun, name: string): string {
  const { mtls_endpoint_aliases: aliases } = run.metadata;
  const withCertificates = variant.clientAuth === 'mtls' || variant.senderConstrain === 'mtls';
  const alias = withCertificates && isObject(aliases) ? aliases[name] : undefined;
  return alias === undefined ? run.endpoint(name) : asText(alias, name);
}

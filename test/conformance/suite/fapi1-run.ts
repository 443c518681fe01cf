import type { FapiClient, Which } from './fapi1-clients.ts';
import type { HttpsClient } from './https-client.ts';
import { asText, isObject } from './json.ts';
import type { ModuleRun } from './module-run.ts';

/** One run of a module of a FAPI plan: the run that all plans have, and the two clients of the variant. */
export interface FapiRun {
  readonly run: ModuleRun;
  readonly clients: Readonly<Record<Which, FapiClient>>;
  /** Connections on which the clients show their certificates. */
  readonly mutual: Readonly<Record<Which, HttpsClient>>;
}

/** An endpoint where certificates are asked for, if there is one of its own (RFC 8705 §5). */
export function mutualEndpoint({ run }: FapiRun, name: string): string {
  const aliases = run.metadata['mtls_endpoint_aliases'];
  const alias = isObject(aliases) ? aliases[name] : undefined;
  return alias === undefined ? run.endpoint(name) : asText(alias, `mtls_endpoint_aliases: ${name}`);
}

export function connectionOf(bench: FapiRun, client: FapiClient): HttpsClient {
  return client.certificate === bench.clients.first.certificate ? bench.mutual.first : bench.mutual.second;
}

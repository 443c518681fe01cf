import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Browser } from './browser.ts';
import type { Client } from './client.ts';
import { type HttpReply, type HttpsClient, mediaType, objectOf } from './https-client.ts';
import { asText, type Json } from './json.ts';
import { type Provider, STATIC_BASE } from './provider.ts';
import { checkServerKeys } from './server-keys.ts';
import type { Site } from './site.ts';
import type { Variant } from './variant.ts';

/** How a module ended; anything else is thrown. */
export interface Outcome {
  /** What the conformance suite would warn of. */
  readonly warnings: readonly string[];
  /** Why the conformance suite would skip the module, where it would; what stands in for it has been done. */
  readonly skipped: string | undefined;
}

/** Everything one run of one module knows. */
export class ModuleRun {
  readonly provider: Provider;
  readonly variant: Variant;
  readonly browser: Browser;
  /** The discovery document. */
  readonly metadata: Json;
  readonly jwks: Json;
  /** Where the relying party's addresses begin. */
  readonly base: string;
  /** Clients that registered themselves, to be deleted at the end. */
  readonly registered: Client[] = [];
  readonly #warnings: string[] = [];
  #skipped: string | undefined;

  private constructor(provider: Provider, variant: Variant, browser: Browser, metadata: Json, jwks: Json) {
    this.provider = provider;
    this.variant = variant;
    this.browser = browser;
    this.metadata = metadata;
    this.jwks = jwks;
    const base = variant.registration === 'static' ? STATIC_BASE : `/run/${randomBytes(8).toString('hex')}`;
    this.base = provider.site.origin + base;
    this.site.forget(this.base);
  }

  /** Reads discovery and the key set, as every module does before anything else. */
  static async start(
    provider: Provider,
    variant: Variant,
    browser: Browser,
    document: 'openid-configuration' | 'oauth-authorization-server' = 'openid-configuration',
  ): Promise<ModuleRun> {
    const reply = await fetchDocument(provider.http, `${provider.issuer}/.well-known/${document}`);
    const metadata = objectOf(reply, 'discovery');
    const jwks = objectOf(await fetchDocument(provider.http, asText(metadata['jwks_uri'], 'jwks_uri')), 'the key set');
    const run = new ModuleRun(provider, variant, browser, metadata, jwks);
    checkServerKeys(jwks, (holds, text) => run.should(holds, text));
    return run;
  }

  get site(): Site {
    return this.provider.site;
  }

  get http(): HttpsClient {
    return this.provider.http;
  }

  /** The issuer as discovery has it. */
  get issuer(): string {
    return asText(this.metadata['issuer'], 'issuer');
  }

  get outcome(): Outcome {
    return { warnings: this.#warnings, skipped: this.#skipped };
  }

  endpoint(name: string): string {
    return asText(this.metadata[name], name);
  }

  /** Whether a list in discovery has a value. */
  offers(list: string, value: string): boolean {
    const values = this.metadata[list];
    return Array.isArray(values) && values.includes(value);
  }

  /** What the conformance suite warns of where it does not hold. */
  should(holds: boolean, text: string): void {
    if (!holds) this.#warnings.push(text);
  }

  /** The conformance suite leaves the module here. What follows is what the test does instead. */
  skip(reason: string): void {
    this.#skipped = reason;
  }

  random(length = 20): string {
    return randomBytes(length).toString('base64url').replace(/[-_]/g, 'x').slice(0, length);
  }
}

async function fetchDocument(http: HttpsClient, url: string): Promise<HttpReply> {
  const reply = await http.send(url, { headers: { accept: 'application/json' } });
  assert.equal(reply.status, 200, `GET ${url}`);
  assert.match(mediaType(reply), /^application\/(?:jwk-set\+)?json$/, `GET ${url}: content-type`);
  return reply;
}

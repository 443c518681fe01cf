import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TestCertificate, testCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/hufu.ts';
import { hufuEnvironment, MAIN, startProcess } from '../../support/hufu-process.ts';
import { type HttpReply, HttpsClient, textOf } from './https-client.ts';
import { providerYaml } from './provider-config.ts';
import { SITE_HOST, Site } from './site.ts';

const run = promisify(execFile);

/** The provider that is tested, a process of its own behind TLS, and the relying party's site beside it. */
export interface Provider {
  readonly issuer: string;
  readonly site: Site;
  readonly http: HttpsClient;
  /** Somebody who shows this certificate when they connect; whoever asks for them closes them. */
  connectAs(certificate: TestCertificate): HttpsClient;
  /** Log lines, the newest 1,000. */
  readonly lines: readonly string[];
  /** The provider's time: what it says and what we say has to be of one clock. */
  nowSeconds(): number;
  /** Moves the provider's clock instead of waiting. */
  wait(seconds: number): Promise<void>;
  /** `hufu key rotate` */
  rotateKeys(): Promise<void>;
  stop(): Promise<void>;
}

export const STATIC_BASE = '/static';

export interface ProviderOptions {
  /** hufu.yaml without what the harness writes. @param base where the static clients' addresses begin */
  readonly yaml: (base: string) => string;
  /** Asks clients for certificates, and trusts this authority (PEM) about them. */
  readonly clientCa?: string;
}

export async function startProvider({ yaml, clientCa }: ProviderOptions = { yaml: providerYaml }): Promise<Provider> {
  const tls = testCertificate([SITE_HOST]);
  const http = new HttpsClient(tls.cert);
  const site = await Site.start(tls);
  const directory = await mkdtemp(join(tmpdir(), 'hufu-conformance-'));
  const port = await freePort();
  const begun = startProcess({
    directory,
    port,
    tls,
    preload: new URL('resolve-site.ts', import.meta.url).href,
    issuer: `https://localhost:${port}`,
    database: `sqlite:${join(directory, 'hufu.db')}`,
    mode: 'test',
    yaml: yaml(site.origin + STATIC_BASE),
    ...(clientCa === undefined ? {} : { clientCa }),
  });
  const hufu = await begun.catch(async (cause: unknown) => {
    http.close();
    await site.stop();
    await rm(directory, { recursive: true, force: true });
    throw cause;
  });
  let aheadSeconds = 0;
  return {
    issuer: hufu.origin,
    site,
    http,
    connectAs: (certificate) => new HttpsClient(tls.cert, certificate),
    lines: hufu.lines,
    nowSeconds: () => Math.floor(Date.now() / 1000) + aheadSeconds,
    async wait(seconds) {
      const reply = await http.send(`${hufu.origin}/test/clock`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ advance: `PT${seconds}S` }),
      });
      refuseUnless200(reply);
      aheadSeconds += seconds;
    },
    async rotateKeys() {
      await run(process.execPath, ['--conditions=source', MAIN, 'key', 'rotate', '--config', hufu.file], { env: hufuEnvironment() });
    },
    async stop() {
      http.close();
      await hufu.stop();
      await site.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function refuseUnless200(reply: HttpReply): void {
  if (reply.status !== 200) throw new Error(`the clock did not move: ${textOf(reply)}`);
}

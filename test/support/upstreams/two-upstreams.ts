import { BASIC_YAML, freePort, startHufu, type TestHufu, type TestHufuOptions } from '../hufu.ts';
import { type OidcUpstream, type Person, startOidcUpstream, UPSTREAM_SECRET } from './oidc-upstream.ts';

/** A Hufu with two OpenID providers beside it, which know the same people by the same names. */
export interface TwoUpstreams {
  readonly hufu: TestHufu;
  readonly corp: OidcUpstream;
  readonly other: OidcUpstream;
  /** What the upstreams say of people, by the name that they sign in with; may be changed. */
  readonly people: Map<string, Person>;
  stop(): Promise<void>;
}

/** Of all of a test's servers. */
export const MASTER_KEY: string = 'A'.repeat(43);

/** What a test's servers have to be allowed: upstreams on loopback. */
export const ALLOWING: string = BASIC_YAML.replace('brute_force: off', 'brute_force: off, outbound: { allow_hosts: [127.0.0.1] }');

/** @param rules what the configuration says of each beside who it is */
export async function startTwoUpstreams(
  rules: { readonly corp: string; readonly other: string },
  options: Pick<TestHufuOptions, 'store' | 'wrap'> = {},
): Promise<TwoUpstreams> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Person>();
  const callbacks = ['corp', 'other'].map((name) => `${issuer}/signin/with/${name}/callback`);
  const [corp, other] = await Promise.all([startOidcUpstream('hufu', callbacks, people), startOidcUpstream('hufu', callbacks, people)]);
  const entry = (name: string, upstream: OidcUpstream, more: string): string =>
    `  - { name: ${name}, kind: oidc, issuer: '${upstream.issuer}', client_id: hufu, client_secret: ${UPSTREAM_SECRET}, ${more} }\n`;
  const yaml = `${ALLOWING}upstreams:\n${entry('corp', corp, rules.corp)}${entry('other', other, rules.other)}`;
  const hufu = await startHufu({ masterKey: MASTER_KEY, ...options, port, yaml });
  return {
    hufu,
    corp,
    other,
    people,
    async stop() {
      await Promise.all([hufu.stop(), corp.stop(), other.stop()]);
    },
  };
}

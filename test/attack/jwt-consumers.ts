import { type KeyObject, sign } from 'node:crypto';
import { verifier } from '@hufu/resource/verifier';
import { importPrivate } from '@hufu/server/keys/algorithms';
import { sealContext } from '@hufu/server/keys/key-state';
import { masterKey } from '@hufu/server/keys/master-key';
import { readIdTokenHint } from '@hufu/server/tokens/read-id-token-hint';
import { RESOURCE, type TestHufu } from '../support/hufu.ts';
import { API_BASIC, introspect, SPA, tokensOf, userinfo } from './sign-ins.ts';

/** 32 bytes as base64url: the server of the case has it, so that a case can sign with the server's very keys. */
export const MASTER_KEY: string = 'A'.repeat(43);

/** Somebody who takes JWTs, and one that is good there. */
export interface Consumer {
  readonly name: string;
  /** Of the good one. */
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: string; readonly kid: string };
  readonly claims: Readonly<Record<string, unknown>>;
  /** What the good one is signed with: what a case forges with it has a genuine signature, and only that. */
  readonly key: KeyObject;
  /** Whether a text is taken. A request that fails on our side throws. */
  accepts(text: string): Promise<boolean>;
}

/** Those that take what we signed ourselves: the introspection and userinfo endpoints, the sign-out hint, and the SDK of resource servers. */
export async function ownConsumers(hufu: TestHufu): Promise<readonly Consumer[]> {
  const { access, id } = await tokensOf(hufu.issuer, SPA);
  const { context } = hufu;
  const now = (): number => Math.floor(context.clock.nowMs() / 1000);
  const make = async (name: string, jwt: string, accepts: Consumer['accepts']): Promise<Consumer> => {
    const { header, claims } = open(jwt);
    return { name, header, claims, key: await privateKeyOf(hufu, header.kid), accepts };
  };
  return [
    await make('introspection', access, async (text) => {
      const reply = await introspect(hufu.issuer, text, API_BASIC);
      return requireHandled(reply.status) === 200 && reply.body['active'] === true;
    }),
    await make('userinfo', access, async (text) => {
      const reply = await userinfo(hufu.issuer, headerSafe(text));
      await reply.arrayBuffer();
      return requireHandled(reply.status) === 200;
    }),
    await make('resource server', access, async (text) => {
      const options = { issuer: hufu.issuer, audience: RESOURCE, nowMs: context.clock.nowMs };
      return (await verifier(options).verify(text)).kind === 'live';
    }),
    await make('id_token_hint', id, async (text) => (await readIdTokenHint(context, text, now())) !== undefined),
  ];
}

/** A compact JWS over the consumer's claims, genuinely signed unless another key is given; what is in `header` replaces. */
export function forge({ header, claims, key }: Consumer, change: object = {}, payload: unknown = claims, by: KeyObject = key): string {
  return signInput(`${encode({ ...header, ...change })}.${encode(payload)}`, header.alg, by);
}

/** The signature is genuine; `parts` are taken as they are. */
export function signInput(input: string, alg: string, key: KeyObject): string {
  const encoding = alg.startsWith('ES') ? { dsaEncoding: 'ieee-p1363' as const } : {};
  return `${input}.${sign('sha256', Buffer.from(input), { key, ...encoding }).toString('base64url')}`;
}

/** Text and bytes are taken as they are, everything else as JSON. */
export function encode(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return Buffer.from(bytes).toString('base64url');
}

function open(jwt: string): Pick<Consumer, 'header' | 'claims'> {
  const [header = '', payload = ''] = jwt.split('.');
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: Object(read(header)), claims: Object(read(payload)) };
}

async function privateKeyOf({ store, context }: TestHufu, kid: string): Promise<KeyObject> {
  const record = context.keys.verifierFor(kid, Math.floor(context.clock.nowMs() / 1000))?.record;
  const row = (await store.listKeys(context.tenant)).find(({ id }) => id === record?.id);
  if (row === undefined) throw new Error('the token names no key of ours');
  const master = masterKey(Buffer.from(MASTER_KEY, 'base64url'));
  return importPrivate(master.open(row.sealedPrivate, sealContext(context.tenant, row.use, row.alg)));
}

/** What no header can carry is not sent by anybody. */
function headerSafe(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '%');
}

function requireHandled(status: number): number {
  if (status >= 500) throw new Error(`a failure on our side: ${status}`);
  return status;
}

/**
 * What `@hufu/resource` costs: `node --conditions=source --expose-gc bench/src/verify.ts [tokens]`. Verifying ES256 access tokens seen before and not seen before, beside bare
 * `node:crypto` (the signature alone, its input and key at hand; and by hand: the token split, verified and parsed, and nothing checked) and jose's `jwtVerify`; the introspection cache under a flood of random tokens; and what 100,000
 * revocations weigh. Contenders take turns in short rounds, and of each the least disturbed tenth counts: what a call costs where nothing else runs.
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { RevocationIndex } from '@hufu/resource/revocation-index';
import { type Verifier, verifier } from '@hufu/resource/verifier';
import { importJWK, jwtVerify } from 'jose';
import { epochSeconds, nowMs } from './clock.ts';

const ISSUER = 'https://as.example';
const AUDIENCE = 'https://api.example/notes';
const ENDPOINT = `${ISSUER}/introspect`;
const TOKENS = Number(process.argv[2] ?? 8_000);
const ROUND = 50;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'es', alg: 'ES256', use: 'sig' };

interface Signed {
  readonly token: string;
  readonly input: Buffer;
  readonly signature: Buffer;
}

function parse(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function make(jti: number): Signed {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = epochSeconds();
  const scope = 'notes:read notes:write';
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'a-subject-of-usual-length',
    client_id: 'app',
    jti: `token-${jti}`,
    iat,
    exp: iat + 600,
    scope,
  };
  const input = Buffer.from(`${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'es' })}.${encode(claims)}`);
  const signature = sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { token: `${input.toString()}.${signature.toString('base64url')}`, input, signature };
}

/** Microseconds a call. */
async function time(calls: number, run: () => Promise<void> | void): Promise<number> {
  const begun = nowMs();
  await run();
  return ((nowMs() - begun) * 1000) / calls;
}

/** The tenth that was disturbed least. */
function least(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 10)] ?? Number.NaN;
}

async function requireLive(tokens: Verifier, token: string): Promise<void> {
  const result = await tokens.verify(token);
  if (result.kind !== 'live') throw new Error(`refused: ${result.reason}`);
}

async function measureJwts(): Promise<void> {
  const fetch = async (): Promise<Response> => Response.json({ keys: [jwk] });
  const ours = verifier({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/keys`, fetch });
  const theirs = await importJWK(jwk, 'ES256');
  const options = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['ES256'], clockTolerance: 10 };
  const signed = Array.from({ length: TOKENS }, (_, at) => make(at));
  const costs = { bare: [] as number[], byHand: [] as number[], unseen: [] as number[], seen: [] as number[], jose: [] as number[] };
  for (let from = 0; from + ROUND <= signed.length; from += ROUND) {
    const round = signed.slice(from, from + ROUND);
    costs.bare.push(
      await time(ROUND, () => {
        for (const { input, signature } of round) {
          if (!verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('wrong');
        }
      }),
    );
    costs.byHand.push(
      await time(ROUND, () => {
        for (const { token } of round) {
          const at = token.lastIndexOf('.');
          const isRight = verify(
            'sha256',
            Buffer.from(token.slice(0, at)),
            { key: publicKey, dsaEncoding: 'ieee-p1363' },
            Buffer.from(token.slice(at + 1), 'base64url'),
          );
          const [header = '', payload = ''] = token.split('.');
          if (!isRight || parse(header)['alg'] !== 'ES256' || parse(payload)['iss'] !== ISSUER) throw new Error('wrong');
        }
      }),
    );
    costs.unseen.push(
      await time(ROUND, async () => {
        for (const { token } of round) await requireLive(ours, token);
      }),
    );
    costs.seen.push(
      await time(ROUND * 20, async () => {
        for (let turn = 0; turn < 20; turn++) for (const { token } of round) await requireLive(ours, token);
      }),
    );
    costs.jose.push(
      await time(ROUND, async () => {
        for (const { token } of round) await jwtVerify(token, theirs, options);
      }),
    );
  }
  // The first rounds are compiled while they run.
  const skip = Math.floor(costs.bare.length / 4);
  const of = (name: keyof typeof costs): number => least(costs[name].slice(skip));
  const ratio = (one: keyof typeof costs, other: keyof typeof costs): string => (of(one) / of(other)).toFixed(2);
  console.log(`ES256, microseconds a token (the least disturbed tenth of ${costs.bare.length - skip} rounds of ${ROUND}):`);
  console.log(`  node:crypto alone ${of('bare').toFixed(1)}, by hand ${of('byHand').toFixed(1)}, jose.jwtVerify ${of('jose').toFixed(1)}`);
  console.log(`  verify, not seen before ${of('unseen').toFixed(1)}, seen before ${of('seen').toFixed(2)}`);
  console.log(
    `  not seen before: ${ratio('bare', 'unseen')} of node:crypto alone, ${ratio('byHand', 'unseen')} of by hand, ${ratio('jose', 'unseen')} times jose`,
  );
  console.log(`  seen before: ${ratio('jose', 'seen')} times jose`);
}

/** 2,000 good tokens, each used once while nine random ones come. */
async function measureFlood(): Promise<void> {
  const asked = { good: 0, random: 0 };
  const fetch = async (_url: string, { body }: RequestInit): Promise<Response> => {
    const token = new URLSearchParams(String(body)).get('token') ?? '';
    const isGood = token.startsWith('good-');
    asked[isGood ? 'good' : 'random'] += 1;
    return Response.json(isGood ? { active: true, aud: AUDIENCE, client_id: 'app', exp: epochSeconds() + 600 } : { active: false });
  };
  const credentials = { clientId: 'api', clientSecret: 'secret' };
  const tokens = verifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    fetch,
    introspection: { credentials, endpoint: ENDPOINT, ttlSeconds: 600 },
  });
  const good = Array.from({ length: 2_000 }, (_, at) => `good-${at}`);
  for (const token of good) await requireLive(tokens, token);
  asked.good = 0;
  let uses = 0;
  const begun = nowMs();
  for (let turn = 0; turn < 10; turn++) {
    for (const [at, token] of good.entries()) {
      await requireLive(tokens, token);
      uses += 1;
      await Promise.all(Array.from({ length: 9 }, (_, other) => tokens.verify(`random-${turn}-${at}-${other}`)));
    }
  }
  const rate = (100 * (1 - asked.good / uses)).toFixed(2);
  console.log(
    `introspection: ${asked.random} random tokens among ${uses} uses of ${good.length} good ones: hit rate of the good ${rate} %`,
  );
  console.log(`  ${((nowMs() - begun) / 1000).toFixed(1)} s, questions about good ones: ${asked.good}`);
}

function measureMemory(): void {
  if (globalThis.gc === undefined) return console.log('memory: needs --expose-gc');
  for (const count of [100_000, 1_000_000]) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    const index = new RevocationIndex(`${ISSUER}/oauth/status/`, 2_000_000);
    const end = epochSeconds();
    for (let at = 0; at < count; at++) {
      // Scattered, as the permutation of ids scatters them; ending over ten minutes.
      const id = `${(at * 7_919) % 268_435_456}/${(at * 104_729) % 1_048_576}`;
      const entry = { seq: at, kind: 'grant', id, at: 1, exp: end + (at % 600), reason: 'user_revoked', before: Number.POSITIVE_INFINITY };
      index.take({ ...entry, isInfo: false });
    }
    globalThis.gc();
    const bytes = process.memoryUsage().heapUsed - before;
    console.log(`memory: ${index.size} revoked grants ${(bytes / 2 ** 20).toFixed(1)} MiB, ${Math.round(bytes / index.size)} bytes each`);
  }
}

await measureJwts();
await measureFlood();
measureMemory();

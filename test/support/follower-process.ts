/** An API in a process of its own that follows a revocation feed: does what its parent says (followers.ts), and tells when a token that it watches was good for the last time. */
import { createHash } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { revocationFollower } from '@hufu/resource/follower';
import { type Verifier, verifier } from '@hufu/resource/verifier';
import type { FollowerSettings, Heard, ToFollower } from './followers.ts';

const { issuer, origin, node, audience, clientId, clientSecret, maxAgeSeconds }: FollowerSettings = JSON.parse(process.argv[2] ?? '');
const follower = revocationFollower({
  issuer,
  credentials: { clientId, clientSecret },
  node,
  endpoint: `${origin}/oauth/revocations`,
  jwksUri: `${origin}/oauth/jwks`,
  ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
});
const tokens: Verifier = verifier({ issuer, audience, jwksUri: `${origin}/oauth/jwks`, revocations: follower });

const late = monitorEventLoopDelay({ resolution: 1 });
late.enable();

/** Everything that was heard, in order. */
const log = createHash('sha256');
let [entries, last, isGapless] = [0, 0, true];
const stale: string[] = [];
follower.subscribe((event) => {
  if (event.kind === 'stale') stale.push(event.why);
  if (event.kind !== 'revoked') return;
  const { seq, kind, id } = event.entry;
  isGapless &&= seq === last + 1;
  [entries, last] = [entries + 1, seq];
  log.update(`${seq} ${kind} ${id}\n`);
});

async function outcome(token: string): Promise<string> {
  const result = await tokens.verify(token);
  return result.kind === 'live' ? 'live' : result.reason;
}

/** Asks about a token each millisecond until it is refused. Times are of a clock that all processes of the machine share. */
function watch(name: number, token: string): void {
  let lastLive: bigint | undefined;
  const look = async (): Promise<void> => {
    const found = await outcome(token);
    if (found === 'live') {
      lastLive = process.hrtime.bigint();
      setTimeout(() => void look(), 1);
    } else process.send?.({ kind: 'refused', name, found, lastLive: String(lastLive ?? 0n) });
  };
  void look();
}

/** Verifies tokens in turn, so many a second. */
function load(perSecond: number, all: readonly string[]): () => void {
  const begun = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) * perSecond) / 1000);
    for (; done < due; done += 1) void tokens.verify(all[done % all.length] ?? '');
  }, 5);
  return () => clearInterval(timer);
}

let stopLoad: () => void = () => undefined;

async function act(told: ToFollower): Promise<unknown> {
  if (told.kind === 'watch') return watch(told.name, told.token);
  if (told.kind === 'verify') return Promise.all(told.tokens.map(outcome));
  if (told.kind === 'load') {
    stopLoad();
    stopLoad = told.perSecond === 0 ? () => undefined : load(told.perSecond, told.tokens);
    return undefined;
  }
  const { position } = follower.state();
  const heard: Heard = {
    position,
    entries,
    isGapless,
    digest: log.copy().digest('hex'),
    isFresh: follower.isFresh(),
    stale,
    rss: process.memoryUsage().rss,
    lateMs: late.percentile(99) / 1e6 - 1,
  };
  late.reset();
  return heard;
}

process.on('message', (told: ToFollower & { readonly id: number }) => {
  act(told).then(
    (answer) => process.send?.({ kind: 'answer', id: told.id, answer }),
    (error: unknown) => process.send?.({ kind: 'answer', id: told.id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
await follower.ready();
process.send?.({ kind: 'ready', node: follower.state().node });

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface FollowerSettings {
  readonly issuer: string;
  /** Of the server process that it follows. */
  readonly origin: string;
  readonly node: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly maxAgeSeconds?: number;
}

/** What a follower is told. */
export type ToFollower =
  | { readonly kind: 'watch'; readonly name: number; readonly token: string }
  | { readonly kind: 'verify'; readonly tokens: readonly string[] }
  | { readonly kind: 'load'; readonly perSecond: number; readonly tokens: readonly string[] }
  | { readonly kind: 'heard' };

/** What it has heard so far. */
export interface Heard {
  readonly position: number;
  readonly entries: number;
  /** Whether the numbers went on one by one from 1. */
  readonly isGapless: boolean;
  /** Of all entries, in order. */
  readonly digest: string;
  readonly isFresh: boolean;
  /** Why it stopped to vouch for anything, each time. */
  readonly stale: readonly string[];
  /** Bytes of memory. */
  readonly rss: number;
  /** Milliseconds by which its event loop was late since it was asked before, in the worst hundredth. */
  readonly lateMs: number;
}

/** `@hufu/resource` with a follower, in a process of its own. */
export interface FollowerProcess {
  /** Its name at the issuer. */
  readonly node: string;
  readonly pid: number;
  /** Looks at the token each millisecond from now on. @returns when it was refused: `lastLive` by `process.hrtime`, when it was good for the last time */
  watch(token: string): Promise<{ readonly refused: Promise<Refused> }>;
  /** `live`, or why not. */
  verify(tokens: readonly string[]): Promise<readonly string[]>;
  /** Verifies these so many times a second until the next call; 0: no more. */
  load(perSecond: number, tokens: readonly string[]): Promise<unknown>;
  heard(): Promise<Heard>;
  stop(): Promise<void>;
}

export interface Refused {
  readonly found: string;
  readonly lastLive: bigint;
}

type FromFollower =
  | { readonly kind: 'ready'; readonly node: string }
  | { readonly kind: 'refused'; readonly name: number; readonly found: string; readonly lastLive: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer?: unknown; readonly error?: string };

const PROGRAM = fileURLToPath(new URL('./follower-process.ts', import.meta.url));

/** Starts it, and waits until it is fresh. */
export async function startFollower(settings: FollowerSettings): Promise<FollowerProcess> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child: ChildProcess = fork(PROGRAM, [JSON.stringify(settings)], {
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
    env,
  });
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const gone = once(child, 'exit').then(() => process.removeListener('exit', endWithUs));
  const ready = Promise.withResolvers<string>();
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  const watched = new Map<number, PromiseWithResolvers<Refused>>();
  child.on('message', (message: FromFollower) => {
    if (message.kind === 'ready') ready.resolve(message.node);
    else if (message.kind === 'refused') watched.get(message.name)?.resolve({ found: message.found, lastLive: BigInt(message.lastLive) });
    else if (message.error !== undefined) answers.get(message.id)?.reject(new Error(message.error));
    else answers.get(message.id)?.resolve(message.answer);
  });
  void gone.then(() => {
    const error = new Error(`the follower ${settings.node} ended`);
    for (const waiting of [ready, ...answers.values(), ...watched.values()]) waiting.reject(error);
  });
  let asked = 0;
  const tell = (told: ToFollower): Promise<unknown> => {
    asked += 1;
    const answer = Promise.withResolvers<unknown>();
    answers.set(asked, answer);
    child.send({ ...told, id: asked });
    const id = asked;
    return answer.promise.finally(() => answers.delete(id));
  };
  let names = 0;
  return {
    node: await ready.promise,
    pid: child.pid ?? 0,
    async watch(token) {
      names += 1;
      const refused = Promise.withResolvers<Refused>();
      refused.promise.catch(() => undefined);
      watched.set(names, refused);
      await tell({ kind: 'watch', name: names, token });
      return { refused: refused.promise };
    },
    verify: async (tokens) => (await tell({ kind: 'verify', tokens })) as readonly string[],
    load: (perSecond, tokens) => tell({ kind: 'load', perSecond, tokens }),
    heard: async () => (await tell({ kind: 'heard' })) as Heard,
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

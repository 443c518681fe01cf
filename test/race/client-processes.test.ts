import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RefreshingServer, startOurs, startStrict } from '../support/refreshing-servers.ts';
import type { FirstTokens } from '../support/session-by-proxy.ts';
import { startTokenProxy, type TokenProxy } from '../support/token-proxy.ts';

const PROGRAM = fileURLToPath(new URL('client-process.ts', import.meta.url));
const PROCESSES = 8;
const CALLERS = 100;
const HOUR = 3_600_000;

interface Answer {
  readonly id: number;
  readonly tokens?: readonly string[];
  readonly idToken?: string;
  readonly error?: string;
  readonly events: readonly string[];
}

/** A process that shares the file. */
class Sharer {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #count = 0;

  constructor(file: string, issuer: string, proxy: string) {
    this.child = fork(PROGRAM, [file, issuer, proxy], { execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'] });
    this.child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
  }

  ready(): Promise<Answer> {
    return new Promise((resolve) => this.#waiting.set(0, resolve));
  }

  ask(ahead: number, callers: number, signIn?: FirstTokens): Promise<Answer> {
    const id = ++this.#count;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.child.send({ id, ahead, callers, ...(signIn === undefined ? {} : { signIn }) });
    return answer;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

for (const start of [startOurs, startStrict]) {
  describe(`${PROCESSES} processes that share a session in a file, at ${start === startOurs ? 'Hufu' : 'oidc-provider with strict rotation'}`, () => {
    let server: RefreshingServer;
    let proxy: TokenProxy;
    let folder: string;
    let sharers: Sharer[];
    let ahead = 0;
    /** Of the sign-in, and of the refresh that was last. */
    const idTokens: (string | undefined)[] = [];
    const startOne = async (): Promise<Sharer> => {
      const sharer = new Sharer(join(folder, 'session.json'), server.issuer, proxy.origin);
      await sharer.ready();
      return sharer;
    };
    before(async () => {
      server = await start();
      proxy = await startTokenProxy(() => server.origin);
      folder = await mkdtemp(join(tmpdir(), 'hufu-processes-'));
      sharers = await Promise.all(Array.from({ length: PROCESSES }, startOne));
      const first = await server.signIn();
      idTokens.push(first.idToken);
      await sharers[0]?.ask(0, 0, first);
    });
    after(async () => {
      await Promise.all(sharers.map((sharer) => sharer.kill()));
      await proxy.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    /** Everybody asks at once, after the access token has run out. */
    async function expire(): Promise<readonly Promise<Answer>[]> {
      ahead += HOUR;
      proxy.reset();
      return sharers.map((sharer) => sharer.ask(ahead, CALLERS));
    }

    function assertOneToken(answers: readonly Answer[]): void {
      assert.deepEqual(
        answers.flatMap(({ error, events }) => [...(error === undefined ? [] : [error]), ...events]),
        [],
      );
      assert.equal(new Set(answers.flatMap(({ tokens = [] }) => tokens)).size, 1);
      const [newest, ...others] = new Set(answers.map((answer) => answer.idToken));
      assert.deepEqual(others, []);
      idTokens[1] = newest;
    }

    const runs: readonly (readonly [number, number])[] = [[0, 10], [1_000, 2], ...(start === startOurs ? [[10_000, 1] as const] : [])];
    for (const [delayMs, times] of runs) {
      test(`with ${CALLERS} callers each cause one refresh for each of ${times} expiries, at a token endpoint that takes ${delayMs} ms`, async () => {
        proxy.delayMs = delayMs;
        for (let round = 0; round < times; round++) {
          assertOneToken(await Promise.all(await expire()));
          assert.deepEqual(
            proxy.requests.map(({ status }) => status),
            [200],
          );
        }
      });
    }

    const what = start === startOurs ? 'with the answer on its way' : 'before the server has seen its request';
    test(`lose their holder by SIGKILL ${what}, 3 times, and nobody is signed out`, async () => {
      proxy.delayMs = 1_000;
      proxy.forwards = start === startOurs ? 'always' : 'to whom is there';
      for (let round = 0; round < 3; round++) {
        const first = proxy.next();
        const asked = await expire();
        const { who } = await first;
        const victim = sharers.findIndex(({ child }) => String(child.pid) === who);
        const killed = sharers[victim] ?? assert.fail(`no process ${who}`);
        await killed.kill();
        assertOneToken(await Promise.all(asked.filter((_, index) => index !== victim)));
        assert.equal(proxy.requests.length, 2, 'the one that was lost, and one more');
        sharers[victim] = await startOne();
      }
    });

    test('have the ID token of a refresh, which was verified: any other leaves that of the sign-in (OpenID Connect Core §12.2)', () => {
      const [first, last] = idTokens;
      assert.ok(first !== undefined && last !== undefined && first !== last);
    });

    test('leave a file that only its owner reads, and nothing of the dead', async () => {
      const names = (await readdir(folder)).filter((name) => !/\.(lock|write)\.\d+$/.test(name));
      assert.deepEqual(names, ['session.json']);
      assert.match(await readFile(join(folder, 'session.json'), 'utf8'), /"hash":/);
    });
  });
}

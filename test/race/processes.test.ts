import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { prover } from '@hufu/server/testing/proofs';
import { Agent } from '../support/agent.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { askDevice, decideDevice, pollDevice } from '../support/devices.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcesses } from '../support/hufu-process.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import {
  API,
  assertRefused,
  COURSE_YAML,
  freshCode,
  isActive,
  RUNNER,
  readTokens,
  redeem,
  refresh,
  revoke,
  SPA,
  startTogether,
  WEB,
} from './course.ts';
import { onePushed } from './pages.ts';
import { assertOneSuccessor } from './scenarios.ts';

for (const engine of ENGINES) {
  describe(`two processes on one ${engine}`, () => {
    let database: TestDatabase;
    let directory: string;
    let processes: readonly HufuProcess[];
    let origins: readonly string[];
    const at = (index: number): string => origins[index % 2] ?? assert.fail('not started');
    before(async () => {
      database = await freshDatabase(engine);
      directory = await mkdtemp(join(tmpdir(), 'hufu-race-'));
      const ports = [await freePort(), await freePort()];
      // The course is without limits, which no other mode allows.
      const issuer = `http://127.0.0.1:${ports[0]}`;
      const options = { directory, issuer, database: database.url, mode: 'test', yaml: COURSE_YAML } as const;
      processes = await startProcesses(options, ports);
      origins = processes.map((process) => process.origin);
    });
    after(async () => {
      await Promise.all(processes.map((process) => process.stop()));
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    });

    const seeds = rounds(6, 200);
    test(`one refresh token used 200 times at once has one successor and signs nobody out (product 3.2), ${seeds} times`, async () => {
      const agent = new Agent(at(0));
      await withSeeds(seeds, async (seed) => {
        const client = seed % 2 === 0 ? SPA : WEB;
        const first = readTokens(client, await redeem(at(0), await freshCode(agent, client)));
        const replies = await startTogether(200, seed, 0, (index) => refresh(at(index), client, first.refresh));
        await assertOneSuccessor({ origins }, client, first, replies);
      });
    });

    test(`one code and 50 racers have one winner, who loses what it got (RFC 6749 §4.1.2), ${seeds} times`, async () => {
      const agent = new Agent(at(0));
      await withSeeds(seeds, async (seed) => {
        const client = seed % 2 === 0 ? SPA : WEB;
        const fresh = await freshCode(agent, client);
        const replies = await startTogether(50, seed, 0, (index) => redeem(at(index), fresh));
        const won = replies.filter((reply) => reply.status === 200);
        assert.equal(won.length, 1);
        for (const reply of replies) if (reply.status !== 200) assertRefused(reply);
        for (const tokens of won.map((reply) => readTokens(client, reply))) {
          for (const origin of origins) assert.equal(await isActive(origin, tokens.access), false);
          assertRefused(await refresh(at(1), client, tokens.refresh));
        }
      });
    });

    test(`a pushed request that 50 come with brings one code (RFC 9126 §4, attacks AUT-36), ${seeds} times`, async () => {
      const agent = new Agent(at(0));
      const course = { origins, speedUp: () => {}, slowDown: () => {} };
      await withSeeds(seeds, (seed) => onePushed(course, agent, 50, seed));
    });

    test(`one device code, approved, and 50 polls at both processes bring one token response (RFC 8628 §3.5), ${seeds} times`, async () => {
      const agent = new Agent(at(0));
      await agent.submit(await agent.get('/signin'), RUNNER);
      await withSeeds(seeds, async (seed) => {
        const asked = await askDevice(at(seed));
        assert.equal(asked.status, 200, JSON.stringify(asked.body));
        assert.equal((await decideDevice(agent, asked, 'allow')).status, 200);
        const replies = await startTogether(50, seed, 0, (index) => pollDevice(at(index), asked));
        const won = replies.filter((reply) => reply.status === 200);
        assert.equal(won.length, 1);
        for (const reply of replies) if (reply.status !== 200) assertRefused(reply);
        for (const reply of won)
          assert.equal(await isActive(at(1), String(reply.body['access_token'])), true, 'the others took nothing away');
      });
    });

    test(`one DPoP proof and 50 racers: one gets a token (RFC 9449 §11.1), ${seeds} times`, async () => {
      const { prove } = await prover();
      await withSeeds(seeds, async (seed) => {
        const dpop = prove({ htm: 'POST', htu: `${at(0)}/oauth/token`, iat: Math.floor(Date.now() / 1000) });
        const statuses = await startTogether(50, seed, 0, async (index) => {
          const reply = await fetch(`${at(index)}/oauth/token`, {
            method: 'POST',
            headers: { authorization: `Basic ${btoa(API)}`, dpop },
            body: new URLSearchParams({ grant_type: 'client_credentials' }),
          });
          await reply.body?.cancel();
          return reply.status;
        });
        assert.deepEqual([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 400).length], [1, 49]);
      });
    });

    test(`refresh at one process against revocation at the other: after it nothing works (attacks I8), ${seeds * 5} times`, async () => {
      const agent = new Agent(at(0));
      await withSeeds(seeds * 5, async (seed) => {
        const client = seed % 2 === 0 ? SPA : WEB;
        const first = readTokens(client, await redeem(at(0), await freshCode(agent, client)));
        const got = [first];
        await startTogether(8, seed, 6, async (index) => {
          if (index === 0) return void (await revoke(at(1), client, first.refresh));
          const reply = await refresh(at(0), client, first.refresh);
          if (reply.status === 200) got.push(readTokens(client, reply));
          else assertRefused(reply);
        });
        for (const tokens of got) {
          for (const origin of origins) {
            assert.equal(await isActive(origin, tokens.access), false);
            assertRefused(await refresh(origin, client, tokens.refresh));
          }
        }
      });
    });
  });
}

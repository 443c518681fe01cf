import { describe, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { memoryCourse, originAt, postgresCourse, SPA, THIRD, WEB } from './course.ts';
import { ENDINGS, LASTING_ENDINGS, recover } from './endings.ts';
import { codesAgainst, exchangeAgainst, refreshAgainst } from './scenarios.ts';

/** Most of a race is waiting: several run side by side, each on a course of its own. */
const COURSES = {
  'a slow store': { open: memoryCourse, concurrency: 4, seeds: rounds(100, 2_000), others: rounds(30, 1_000) },
  'two servers on one PostgreSQL': { open: postgresCourse, concurrency: 2, seeds: rounds(4, 200), others: rounds(4, 100) },
} as const;

/** What one asks for by name gets the most seeds; the rest are the same verbs behind it. */
const NAMED = /refresh token|is disabled|signs out|consent/;

for (const [name, { open, concurrency, seeds, others }] of Object.entries(COURSES)) {
  describe(`over ${name}, once it is acknowledged nothing works (attacks I8)`, { concurrency }, () => {
    for (const [ending, end] of Object.entries(ENDINGS)) {
      const clients = ending.includes('consent') ? [THIRD] : [SPA, WEB, THIRD];
      const count = NAMED.test(ending) ? seeds : others;
      test(`refresh, exchange and authorization against this: ${ending}, ${count} seeds`, async () => {
        const course = await open();
        const agent = new Agent(originAt(course, 0));
        try {
          await withSeeds(count, async (seed) => {
            const client = clients[seed % clients.length] ?? THIRD;
            const kind = Math.floor(seed / clients.length) % (LASTING_ENDINGS.includes(ending) ? 4 : 3);
            await recover(course);
            if (kind === 3) await codesAgainst(course, agent, client, end, seed);
            else if (kind === 2) await exchangeAgainst(course, agent, client, end, seed);
            else await refreshAgainst(course, agent, client, end, seed);
          });
        } finally {
          await course.stop();
        }
      });
    }
  });
}

import { after, before, describe, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { type Course, memoryCourse, originAt, postgresCourse, SPA, THIRD, WEB } from './course.ts';
import { ENDINGS, LASTING_ENDINGS, recover } from './endings.ts';
import { codesAgainst, exchangeAgainst, refreshAgainst } from './scenarios.ts';

const COURSES = {
  'a slow store': { open: memoryCourse, seeds: rounds(100, 2_000) },
  'two servers on one PostgreSQL': { open: postgresCourse, seeds: rounds(5, 200) },
} as const;

for (const [name, { open, seeds }] of Object.entries(COURSES)) {
  describe(`over ${name}, once it is acknowledged nothing works (attacks I8): ${seeds} seeds`, () => {
    let course: Course;
    let agent: Agent;
    before(async () => {
      course = await open();
      agent = new Agent(originAt(course, 0));
    });
    after(() => course.stop());

    for (const [ending, end] of Object.entries(ENDINGS)) {
      const clients = ending.includes('consent') ? [THIRD] : [SPA, WEB, THIRD];
      test(`refresh, exchange and authorization against this: ${ending}`, () =>
        withSeeds(seeds, async (seed) => {
          const client = clients[seed % clients.length] ?? THIRD;
          const kind = Math.floor(seed / clients.length) % (LASTING_ENDINGS.includes(ending) ? 4 : 3);
          await recover(course);
          if (kind === 3) await codesAgainst(course, agent, client, end, seed);
          else if (kind === 2) await exchangeAgainst(course, agent, client, end, seed);
          else await refreshAgainst(course, agent, client, end, seed);
        }));
    }
  });
}

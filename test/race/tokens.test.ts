import { after, before, describe, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { type Course, memoryCourse, originAt, postgresCourse, SPA, WEB } from './course.ts';
import { oneCode, oneRefreshToken } from './scenarios.ts';

const COURSES = {
  'a slow store': { open: memoryCourse, seeds: rounds(100, 2_000), uses: 50 },
  'two servers on one PostgreSQL': { open: postgresCourse, seeds: rounds(6, 200), uses: 200 },
} as const;

for (const [name, { open, seeds, uses }] of Object.entries(COURSES)) {
  describe(`over ${name}`, () => {
    let course: Course;
    let agent: Agent;
    before(async () => {
      course = await open();
      agent = new Agent(originAt(course, 0));
    });
    after(() => course.stop());

    test(`one code and 50 racers have one winner, who loses what it got (RFC 6749 §4.1.2), ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneCode(course, agent, seed % 2 === 0 ? SPA : WEB, 50, seed)));

    test(`one refresh token used ${uses} times at once has one successor and signs nobody out (product 3.2), ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneRefreshToken(course, agent, seed % 2 === 0 ? SPA : WEB, uses, seed)));
  });
}

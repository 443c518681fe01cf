import { after, before, describe, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { type Course, memoryCourse, originAt, postgresCourse } from './course.ts';
import { oneConsent, onePushed, oneSignIn, oneSignUp } from './pages.ts';

const COURSES = {
  'a slow store': { open: memoryCourse, seeds: rounds(100, 2_000) },
  'two servers on one PostgreSQL': { open: postgresCourse, seeds: rounds(5, 200) },
} as const;

for (const [name, { open, seeds }] of Object.entries(COURSES)) {
  describe(`forms sent more than once over ${name}`, () => {
    let course: Course;
    before(async () => {
      course = await open();
    });
    after(() => course.stop());

    test(`a consent that is sent eight times brings one code (attacks CON-13), ${seeds} seeds`, async () => {
      const agent = new Agent(originAt(course, 0));
      await withSeeds(seeds, (seed) => oneConsent(course, agent, 8, seed));
    });

    const pushed = Math.ceil(seeds / 5);
    test(`a pushed request that 50 come with brings one code (RFC 9126 §4, attacks AUT-36), ${pushed} seeds`, async () => {
      const agent = new Agent(originAt(course, 0));
      await withSeeds(pushed, (seed) => onePushed(course, agent, 50, seed));
    });

    const signIns = Math.ceil(seeds / 5);
    test(`a sign-in that is sent four times brings one code (attacks CON-13), ${signIns} seeds`, () =>
      withSeeds(signIns, (seed) => oneSignIn(course, 4, seed)));

    test(`a sign-up that is sent three times while somebody else wants the name makes one account (attacks CON-13), ${signIns} seeds`, () =>
      withSeeds(signIns, (seed) => oneSignUp(course, 3, seed)));
  });
}

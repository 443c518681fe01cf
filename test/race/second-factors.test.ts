import { after, before, describe, test } from 'node:test';
import { rounds, withSeeds } from '../support/seeds.ts';
import { type Course, memoryCourse, postgresCourse, RUNNER } from './course.ts';
import { oneCode, oneProgress } from './second-factors.ts';

const COURSES = {
  'a slow store': { open: memoryCourse, seeds: rounds(3, 100) },
  'two servers on one PostgreSQL': { open: postgresCourse, seeds: rounds(1, 30) },
} as const;

for (const [name, { open, seeds }] of Object.entries(COURSES)) {
  describe(`second factors that are shown more than once over ${name}`, () => {
    let course: Course;
    before(async () => {
      course = await open();
    });
    after(() => course.stop());

    test(`a code of an app that 50 browsers send signs one of them in (RFC 6238 §5.2, attacks USR-11), ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneCode(course, RUNNER.password, 50, 'totp', seed)));

    test(`a recovery code that 50 browsers send signs one of them in, ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneCode(course, RUNNER.password, 50, 'recovery_code', seed + 1_000_000)));

    test(`a progress that is sent ten times with ten right codes opens one session (attacks SES-11), ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneProgress(course, RUNNER.password, seed + 2_000_000)));
  });
}

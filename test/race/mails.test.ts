import { after, before, describe, test } from 'node:test';
import { rounds, withSeeds } from '../support/seeds.ts';
import { type Course, memoryCourse, postgresCourse } from './course.ts';
import { oneMail, oneReset } from './mails.ts';

const COURSES = {
  'a slow store': { open: memoryCourse, seeds: rounds(3, 100) },
  'two servers on one PostgreSQL': { open: postgresCourse, seeds: rounds(1, 30) },
} as const;

for (const [name, { open, seeds }] of Object.entries(COURSES)) {
  describe(`mails that are used more than once over ${name}`, () => {
    let course: Course;
    before(async () => {
      course = await open();
    });
    after(() => course.stop());

    test(`code and link of a mail, sent by 50 tabs, sign one of them in (attacks USR-26), ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneMail(course, 50, seed)));

    test(`a link to reset that twenty tabs use sets one password (attacks USR-17), ${seeds} seeds`, () =>
      withSeeds(seeds, (seed) => oneReset(course, 20, seed + 1_000_000)));
  });
}

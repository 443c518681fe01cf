import type { Migration } from './migrate.ts';

/**
 * People who made their own account. A name that somebody took is not the one that an administrator later writes into the configuration, so
 * that a row says who made it: NULL is the configuration, as all of them were before. The version before writes NULL: while it runs beside
 * this one, nobody can sign up there.
 */
export const migration: Migration = {
  version: 3,
  name: 'sign-up',
  sqlite: ['ALTER TABLE users ADD COLUMN source TEXT'],
  postgres: ['ALTER TABLE users ADD COLUMN source text'],
};

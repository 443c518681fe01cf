import type pg from 'pg';
import type { Database, Session, Statement } from './database.ts';

/** Test equipment: the same database, of which each statement, its values and its rows are noted. */
export function tracedDatabase(
  database: Database,
  note: (statement: Statement, values: readonly unknown[], rows: readonly unknown[]) => void,
): Database {
  const traced = (session: Session): Session => ({
    run: async <R extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      const rows = await session.run<R>(statement, values);
      note(statement, values, rows);
      return rows;
    },
  });
  return {
    ...traced(database),
    latency: database.latency,
    runTogether: async (steps) => {
      const answers = await database.runTogether(steps);
      for (const [index, { statement, values }] of steps.entries()) note(statement, values, answers[index] ?? []);
      return answers;
    },
    transact: async (act) => await database.transact(async (session) => await act(traced(session))),
    close: async () => await database.close(),
  };
}

import type { Connection } from './connection.ts';

/** The values that a column has where others have those of `values`, in their order. */
export type EachKind = (values: readonly (string | number)[]) => readonly string[];

/**
 * For a column that has few values: each is asked of an index as the smallest that is larger than the one before, which costs a look a value and not a row.
 *
 * @param where with a parameter for each of the values; the index goes on with the column.
 */
export function eachKind(db: Connection, column: string, table: string, where: string): EachKind {
  const first = db.lazy(`SELECT min(${column}) FROM ${table} WHERE ${where}`);
  const next = db.lazy(`SELECT min(${column}) FROM ${table} WHERE ${where} AND ${column} > ?`);
  return (values) => {
    const kinds: string[] = [];
    let [kind] = first().get(...values) as unknown as [string | null];
    while (kind !== null) {
      kinds.push(kind);
      [kind] = next().get(...values, kind) as unknown as [string | null];
    }
    return kinds;
  };
}

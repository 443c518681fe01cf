/**
 * A list of rows by the first and the last columns of an index, where the one in between has few values: each of these is asked of the index as the smallest that is larger than the one before, which costs a
 * look a value and not a row, and has a list of its own; of these lists the first rows are taken.
 *
 * Not `min`: where the planner takes the rows for one or two, it reads all of them for that.
 *
 * @param where what is known of the columns before it.
 * @param list the list of one value, with that as one more condition.
 */
export function ofEachKind(
  table: string,
  column: string,
  where: string,
  list: (more: string) => string,
  order: string,
  limit: string,
): string {
  return `WITH RECURSIVE kinds (kind) AS (
      SELECT (SELECT ${column} FROM ${table} WHERE ${where} ORDER BY ${column} LIMIT 1)
      UNION ALL
      SELECT (SELECT ${column} FROM ${table} WHERE ${where} AND ${column} > kinds.kind ORDER BY ${column} LIMIT 1) FROM kinds WHERE kinds.kind IS NOT NULL)
    SELECT of_kind.* FROM kinds CROSS JOIN LATERAL (${list(` AND ${column} = kinds.kind`)}) AS of_kind
    ORDER BY ${order} LIMIT ${limit}`;
}

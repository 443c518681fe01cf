import type { Engine } from '../../../test/support/databases.ts';

/** What the two engines say differently of rows that are made out of numbers. */
export interface Dialect {
  /** The whole numbers from `first` to `last` as `s (n)`. */
  series(first: number, last: number): { readonly before: string; readonly from: string };
  /** A number as text, with zeros before it. */
  pad(expression: string, width: number): string;
}

export const DIALECTS: Readonly<Record<Engine, Dialect>> = {
  sqlite: {
    series: (first, last) => ({
      before: `WITH RECURSIVE s (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM s WHERE n < ${last})`,
      from: 's',
    }),
    pad: (expression, width) => `printf('%0${width}d', ${expression})`,
  },
  postgres: {
    series: (first, last) => ({ before: '', from: `generate_series(${first}::bigint, ${last}::bigint) AS s (n)` }),
    pad: (expression, width) => `lpad((${expression})::text, ${width}, '0')`,
  },
};

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A number in Crockford's base 32, as ids of decisions begin with their time. */
export function base32(expression: string, width: number): string {
  return Array.from(
    { length: width },
    (_, at) => `substr('${CROCKFORD}', CAST(((${expression}) >> ${5 * (width - 1 - at)}) & 31 AS integer) + 1, 1)`,
  ).join(' || ');
}

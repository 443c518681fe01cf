/**
 * Every list of the admin API over a database of a size, on both engines:
 *
 *     node --conditions=source bench/src/sizes/main.ts --scale 0.01
 *
 * `--engine sqlite|postgres` (may be repeated), `--scale N` (1: 100,000 users, 1,000,000 grants, 10,000,000 decisions and entries of the audit log), `--rounds N` (15), `--over MS` (200: of what is slower,
 * the plans are printed), `--only TEXT` (lists whose name has it), `--json FILE`, `--database URL` (one that is seeded already: for one engine), `--keep` (leaves the database there). Databases are removed at the end.
 */
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openAdminWorld, programToken } from '@hufu/server/testing/admin-world';
import { openStore } from '@hufu/store/open';
import { ENGINES, type Engine, freshDatabase } from '../../../test/support/databases.ts';
import { askOnce, type Timing, timeListing } from './ask-list.ts';
import { openBulk } from './bulk.ts';
import { openExplained } from './explain.ts';
import { knownOf } from './known.ts';
import { type Listing, listings } from './lists.ts';
import { seed } from './seed.ts';
import { sizesOf } from './sizes.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: [...ENGINES] },
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '15' },
    over: { type: 'string', default: '200' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    database: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const sizes = sizesOf(Number(values.scale));
const [rounds, over] = [Number(values.rounds), Number(values.over)];
const SCOPES = 'hufu:admin:owner';

const all: Record<string, readonly object[]> = {};
for (const engine of ENGINES.filter((name) => values.engine.includes(name))) all[engine] = await measure(engine);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(all, undefined, 2)}\n`);

async function measure(engine: Engine): Promise<readonly object[]> {
  const database = values.database === undefined ? await freshDatabase(engine) : { url: values.database, drop: async () => {} };
  say(`\n${engine}${values.keep ? ` ${database.url}` : ''}, load average ${load()}`);
  try {
    if (values.database === undefined) await fill(engine, database.url);
    const found = await timeAll(database.url, '');
    if (!'grants.list'.includes(values.only)) return found;
    const bulk = await openBulk(database.url);
    await bulk.run('UPDATE clients SET epoch = epoch + 1, revoked_at = created_at');
    await bulk.settle();
    await bulk.close();
    const revoked = await timeAll(database.url, 'every client revoked: ', ({ name }) => name === 'grants.list');
    const bulkBack = await openBulk(database.url);
    await bulkBack.run('UPDATE clients SET epoch = epoch - 1');
    await bulkBack.settle();
    await bulkBack.close();
    return [...found, ...revoked];
  } finally {
    if (!values.keep) await database.drop();
  }
}

async function fill(engine: Engine, url: string): Promise<void> {
  const store = await openStore(url);
  const world = await openAdminWorld({ store });
  await world.close();
  const bulk = await openBulk(url);
  await seed(engine, bulk, world.ctx, sizes, say);
  say(`  ${Math.round((await bulk.bytes()) / 2 ** 20)} MiB`);
  await bulk.close();
  await store.close();
}

async function timeAll(url: string, about: string, isMeant: (listing: Listing) => boolean = () => true): Promise<readonly object[]> {
  const store = await openStore(url);
  const world = await openAdminWorld({ store });
  const token = await programToken(world, 'ops-owner', SCOPES);
  const timings: Timing[] = [];
  for (const listing of listings(knownOf(world, sizes)).filter((one) => one.name.includes(values.only) && isMeant(one))) {
    for (const page of listing.middle === undefined ? (['first'] as const) : (['first', 'middle'] as const)) {
      const timing = await timeListing(world, token, listing, page, rounds);
      timings.push(timing);
      say(about + lineOf(timing, about !== ''));
    }
  }
  await world.close();
  await store.close();
  const slow = timings.filter((timing) => timing.median > over || timing.status !== 200);
  say(
    `${about}${slow.length} of ${timings.length} above ${over} ms; the slowest ${Math.max(0, ...timings.map((timing) => timing.median)).toFixed(1)} ms; load average ${load()}`,
  );
  if (slow.length > 0) await explain(url, slow);
  return timings.map(({ listing, ...rest }) => ({ about, ...listing, ...rest }));
}

async function explain(url: string, slow: readonly Timing[]): Promise<void> {
  const { store, forget, plans } = await openExplained(url);
  const world = await openAdminWorld({ store });
  const token = await programToken(world, 'ops-owner', SCOPES);
  for (const { listing, page } of slow) {
    forget();
    await askOnce(world, token, listing, page);
    say(`\n${nameOf(listing)} ${page}`);
    for (const plan of distinct(await plans())) say(plan);
  }
  await world.close();
  await store.close();
}

/** One of each statement. */
function distinct(plans: readonly string[]): readonly string[] {
  return [...new Map(plans.map((plan) => [plan.split('\n')[0], plan])).values()];
}

function lineOf(timing: Timing, areRevoked: boolean): string {
  const { listing, page, median, worst, items, status } = timing;
  const count = items === undefined ? '' : `${items} items`;
  const odd =
    status !== 200
      ? ` STATUS ${status}`
      : listing.isEmpty === true && items !== 0
        ? ' NOT EMPTY'
        : !areRevoked && listing.isEmpty !== true && items === 0
          ? ' EMPTY'
          : '';
  return `${median.toFixed(1).padStart(9)} ms (${worst.toFixed(1).padStart(8)})  ${nameOf(listing)} ${page} ${count}${odd}`;
}

function nameOf({ name, query, params }: Listing): string {
  return [name, ...Object.entries({ ...params, ...query }).map(([key, value]) => `${key}=${value}`)].join(' ');
}

function load(): string {
  return loadavg()
    .slice(0, 2)
    .map((average) => average.toFixed(2))
    .join(', ');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

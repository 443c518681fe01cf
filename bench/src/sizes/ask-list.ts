import { operationOf } from '@hufu/protocol/admin/operations';
import { readPage } from '@hufu/server/admin/cursor';
import { ask } from '@hufu/server/testing/admin-world';
import type { World } from '@hufu/server/testing/world';
import { nowMs } from '../clock.ts';
import { median } from '../statistics.ts';
import type { Listing } from './lists.ts';

export interface Timing {
  readonly listing: Listing;
  readonly page: 'first' | 'middle';
  /** Milliseconds. */
  readonly median: number;
  readonly worst: number;
  readonly items: number | undefined;
  readonly status: number;
}

/** Asks a question a few times, after a few that do not count; one that is slow is asked less often. */
export async function timeListing(world: World, token: string, listing: Listing, page: Timing['page'], rounds: number): Promise<Timing> {
  const times: number[] = [];
  let reply = await askOnce(world, token, listing, page);
  let spent = 0;
  for (let round = -2; round < rounds && (spent < 3_000 || times.length < 3); round += 1) {
    const began = nowMs();
    reply = await askOnce(world, token, listing, page);
    const took = nowMs() - began;
    spent += took;
    if (round >= 0 || took > 500) times.push(took);
  }
  const { items } = reply.json;
  return {
    listing,
    page,
    median: median(times),
    worst: Math.max(...times),
    items: Array.isArray(items) ? items.length : undefined,
    status: reply.status,
  };
}

export async function askOnce(
  world: World,
  token: string,
  { name, query, params, middle }: Listing,
  page: Timing['page'],
): ReturnType<typeof ask> {
  const cursor = page === 'middle' && middle !== undefined ? { cursor: cursorAfter(world, name, query, middle) } : {};
  return await ask(world, token, name, {
    ...(params === undefined ? {} : { params }),
    query: new URLSearchParams({ ...query, ...cursor }).toString(),
  });
}

/** The cursor of a page that ended there. Filters are sealed into it as they were read: flags and numbers, not texts. */
function cursorAfter({ ctx }: World, name: Listing['name'], query: Listing['query'], position: string): string {
  const shapes: Readonly<Record<string, { readonly type?: string }>> = Object(operationOf(name).query['properties']);
  const read = Object.entries(query).map(([key, value]): [string, unknown] => {
    const type = shapes[key]?.type;
    return [key, type === 'integer' || type === 'number' ? Number(value) : type === 'boolean' ? value === 'true' : value];
  });
  const page = readPage({ ctx, name, query: { ...Object.fromEntries(read), limit: 1 } });
  return page.cut([0, 1], () => position, String).next ?? '';
}

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildConsole } from './build-console.ts';

const root = mkdtempSync(join(tmpdir(), 'hufu-build-'));
after(() => rmSync(root, { recursive: true, force: true }));

const write = async (place: string): Promise<void> => writeFileSync(join(place, 'index.html'), 'built');

test('two who build at a time, in one process too, do not meet: both have it, and nothing is left beside it', async () => {
  const dist = join(root, 'two');
  const places = new Set<string>();
  const { promise: both, resolve: go } = Promise.withResolvers<void>();
  const bundle = async (place: string): Promise<void> => {
    places.add(place);
    if (places.size === 2) go();
    await both;
    await write(place);
  };
  const build = (): Promise<string> => buildConsole(() => undefined, dist, bundle);
  const [one, other] = await Promise.all([build(), build()]);
  assert.equal(one, other);
  assert.equal(places.size, 2);
  assert.deepEqual(readdirSync(dist).length, 1);
  assert.equal(await build(), one, 'and it is not built again');
  assert.equal(places.size, 2);
});

test('whatever a build fails with is told, and leaves nothing: a folder that cannot be made, a bundler that falls, a place that is taken', async () => {
  const lines: string[] = [];
  const build = (dist: string, bundle = write): Promise<string> => buildConsole((line) => lines.push(line), dist, bundle);
  writeFileSync(join(root, 'file'), '');
  await assert.rejects(build(join(root, 'file', 'dist')));
  const dist = join(root, 'fails');
  const bundle = async (place: string): Promise<void> => {
    await write(place);
    throw new Error('out of tea');
  };
  await assert.rejects(build(dist, bundle));
  assert.deepEqual(readdirSync(dist), []);
  const name = (await build(dist)).slice(dist.length + 1);
  const taken = join(root, 'taken');
  mkdirSync(join(taken, name, 'something'), { recursive: true });
  await assert.rejects(build(taken), 'there is no console in the folder of its name');
  assert.deepEqual(
    lines.filter((line) => line.startsWith('the console could not be built')).map((line) => /out of tea|ENOTDIR|ENOTEMPTY/.exec(line)?.[0]),
    ['ENOTDIR', 'out of tea', 'ENOTEMPTY'],
  );
});

test('of older sources the newest three are kept, and of what is under way all but what was given up', async () => {
  const dist = join(root, 'old');
  for (const [name, hours] of [
    ['a'.repeat(16), 9],
    ['b'.repeat(16), 5],
    ['c'.repeat(16), 4],
    ['d'.repeat(16), 3],
    ['.building-dead', 2],
    ['.building-live', 0],
    ['somebody’s', 99],
  ] as const) {
    mkdirSync(join(dist, name), { recursive: true });
    const at = new Date(Date.now() - hours * 3_600_000);
    utimesSync(join(dist, name), at, at);
  }
  const built = await buildConsole(() => undefined, dist, write);
  const left = readdirSync(dist).filter((name) => join(dist, name) !== built);
  assert.deepEqual(left.toSorted(), ['.building-live', 'b'.repeat(16), 'c'.repeat(16), 'd'.repeat(16), 'somebody’s']);
});

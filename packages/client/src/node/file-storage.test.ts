import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SessionPlace } from '../session/place.ts';
import { StorageError } from '../session/place.ts';
import type { SessionRecord } from '../session/record.ts';
import { stampOf } from '../session/record.ts';
import { testPlace } from '../testing/place-contract.ts';
import { type FilePlaceOptions, filePlace, type Keychain } from './file-storage.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hufu-file-'));
});
after(() => rm(folder, { recursive: true, force: true }));

class FakeKeychain implements Keychain {
  secret: string | undefined;
  sets = 0;

  async get(): Promise<string | undefined> {
    return this.secret;
  }

  async set(secret: string): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.secret = secret;
    this.sets += 1;
  }
}

/** A file is of one name: the contract uses several. */
function byName(more: FilePlaceOptions): () => Promise<SessionPlace> {
  return async () => {
    const places = new Map<string, Promise<SessionPlace>>();
    const at = (name: string): Promise<SessionPlace> => {
      const place = places.get(name) ?? filePlace(join(folder, `${name.replaceAll(' ', '-')}.json`), more);
      places.set(name, place);
      return place;
    };
    return {
      storage: {
        reach: 'machine',
        read: async (name) => (await at(name)).storage.read(name),
        replace: async (name, ...rest) => (await at(name)).storage.replace(name, ...rest),
      },
      lock: { reach: 'machine', me: 'contract', acquire: async (name, signal) => (await at(name)).lock.acquire(name, signal) },
    };
  };
}

testPlace('a file', byName({}));
testPlace('an encrypted file', byName({ keychain: new FakeKeychain() }));

const RECORD: SessionRecord = { v: 1, rev: 1, session: 'a', refresh: 'the refresh token', access: {} };

describe('a session in a file', () => {
  test('can be read by its owner alone, and so can the folder', async () => {
    const path = join(folder, 'deep', 'er', 'session.json');
    const { storage } = await filePlace(path);
    await storage.replace('n', undefined, RECORD);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, 'deep', 'er'))).mode & 0o777, 0o700);
    for (const name of await readdir(join(folder, 'deep', 'er')))
      assert.equal((await stat(join(folder, 'deep', 'er', name))).mode & 0o077, 0, name);
  });

  test('is refused a place in a folder that others write to', async () => {
    const open = join(folder, 'open');
    await mkdir(open);
    await chmod(open, 0o777);
    await assert.rejects(filePlace(join(open, 'session.json')), StorageError);
  });

  test('has one lock whatever it is called: symbolic links are followed, and stay', async () => {
    const path = join(folder, 'real.json');
    const { storage, lock } = await filePlace(path);
    await storage.replace('n', undefined, RECORD);
    await symlink(path, join(folder, 'alias.json'));
    const alias = await filePlace(join(folder, 'alias.json'));
    const held = await lock.acquire('n', AbortSignal.timeout(60_000));
    await assert.rejects(alias.lock.acquire('n', AbortSignal.timeout(200)));
    await held.release();
    await alias.storage.replace('n', await stampOf(RECORD), { ...RECORD, rev: 2 });
    assert.equal((await storage.read('n'))?.rev, 2);
    assert.ok((await readdir(folder)).includes('alias.json'));
    assert.match(await readFile(path, 'utf8'), /"rev":2/);
  });

  test('leaves nothing behind but itself and a lock or two, and clears up after a crash', async () => {
    const home = join(folder, 'tidy');
    const { storage, lock } = await filePlace(join(home, 's.json'));
    await writeFile(join(home, 's.json.tmp-of-a-crash'), 'half');
    for (let rev = 1; rev < 10; rev++) {
      const held = await lock.acquire('n', AbortSignal.timeout(60_000));
      await storage.replace('n', rev === 1 ? undefined : await stampOf({ ...RECORD, rev: rev - 1 }), { ...RECORD, rev });
      await held.release();
    }
    assert.deepEqual((await readdir(home)).toSorted(), ['s.json', 's.json.lock.9', 's.json.write.9']);
  });

  test('that cannot be read is never taken for none, and a sign-in may take its place', async () => {
    for (const text of ['', 'nonsense', '{}', '{"v":1,"name":"n","session":"a","rev":1,"hash":"h","record":"{}"}']) {
      const path = join(folder, 'broken.json');
      await writeFile(path, text);
      const { storage } = await filePlace(path);
      const error = await storage.read('n').then(
        () => assert.fail('it was read'),
        (caught: unknown) => caught,
      );
      assert.ok(error instanceof StorageError && error.stamp !== undefined, text);
      assert.deepEqual(await storage.replace('n', error.stamp, RECORD), { kind: 'replaced' });
      assert.deepEqual(await storage.read('n'), RECORD);
    }
  });

  test('of one client is not read or written over by another', async () => {
    const { storage } = await filePlace(join(folder, 'owned.json'));
    await storage.replace('mine', undefined, RECORD);
    await assert.rejects(storage.read('yours'), StorageError);
    await assert.rejects(storage.replace('yours', undefined, RECORD), StorageError);
    assert.deepEqual(await storage.read('mine'), RECORD);
  });

  test('shows nothing where a keychain keeps its key, and is bound to its stamp', async () => {
    const path = join(folder, 'sealed.json');
    const keychain = new FakeKeychain();
    const places = await Promise.all([filePlace(path, { keychain }), filePlace(path, { keychain })]);
    await Promise.all(places.map(({ storage }) => storage.replace('n', undefined, RECORD)));
    assert.equal(keychain.sets, 1, 'one key, whoever comes first');
    const text = await readFile(path, 'utf8');
    assert.ok(!text.includes('the refresh token'));
    assert.deepEqual(await places[1]?.storage.read('n'), RECORD);
    await writeFile(path, text.replace('"rev":1', '"rev":7'));
    await assert.rejects((await filePlace(path, { keychain })).storage.read('n'), StorageError);
    keychain.secret = undefined;
    await writeFile(path, text);
    await assert.rejects((await filePlace(path, { keychain })).storage.read('n'), StorageError, 'another key');
  });

  test('keeps a DPoP key: it signs as before, is written again, and is not extractable once it was read (RFC 9449 §4)', async () => {
    for (const algorithm of [{ name: 'ECDSA', namedCurve: 'P-256' }, { name: 'Ed25519' }]) {
      const path = join(folder, `key-${algorithm.name}.json`);
      const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
      await (await filePlace(path)).storage.replace('n', undefined, { ...RECORD, dpopKey: pair });
      const { storage } = await filePlace(path);
      const read = (await storage.read('n')) ?? assert.fail();
      const key = read.dpopKey ?? assert.fail('no key');
      assert.equal(key.privateKey.extractable, false);
      await storage.replace('n', await stampOf(read), { ...read, rev: 2 });
      const again = (await (await filePlace(path)).storage.read('n'))?.dpopKey ?? assert.fail();
      const how = { name: algorithm.name, hash: 'SHA-256' };
      const signature = await crypto.subtle.sign(how, again.privateKey, new Uint8Array(3));
      assert.ok(await crypto.subtle.verify(how, pair.publicKey, signature, new Uint8Array(3)));
      const closed = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
      await assert.rejects(storage.replace('n', await stampOf({ ...read, rev: 2 }), { ...read, rev: 3, dpopKey: closed }), TypeError);
    }
  });
});

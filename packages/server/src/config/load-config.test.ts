import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findFileFault, loadConfig } from './load-config.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'hufu-config-'));
});
after(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function faultOf(path: string): Promise<string> {
  try {
    await loadConfig(path, {});
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'ConfigError', String(error));
    return error.message;
  }
  return '';
}

test('a file is read, with or without a byte order mark', async () => {
  const plain = await loadConfig(write('a.yaml', 'issuer: https://a.example\n'), {});
  assert.equal(plain.issuer, 'https://a.example');
  assert.equal(plain.file, join(folder, 'a.yaml'));
  assert.equal((await loadConfig(write('b.json', '\ufeff{"issuer":"https://a.example"}'), {})).issuer, 'https://a.example');
});

test('a file that cannot be used says why', async () => {
  mkdirSync(join(folder, 'd'));
  assert.equal(await faultOf(join(folder, 'none.yaml')), `${join(folder, 'none.yaml')}  does not exist`);
  assert.equal(await faultOf(join(folder, 'a.yaml', 'x')), `${join(folder, 'a.yaml', 'x')}  does not exist`);
  assert.equal(await faultOf(join(folder, 'd')), `${join(folder, 'd')}  is a directory`);
  assert.match(await faultOf(write('c.yaml', Uint8Array.of(0x61, 0x3a, 0x20, 0xff))), / {2}is not UTF-8 text$/);
  assert.match(await faultOf(write('e.yaml', `#${'虎'.repeat(349_526)}`)), / {2}is larger than 1 MiB$/);
});

test('the files that tls names must be there', async () => {
  const cert = write('cert.pem', '');
  const path = write('tls.yaml', `issuer: https://a.example\ntls:\n  cert: ${cert}\n  key: ${join(folder, 'none.pem')}\n`);
  assert.match(await faultOf(path), /tls\.yaml:4:8 {2}tls\.key: does not exist\n/);
  assert.equal(findFileFault(cert), undefined);
  assert.equal(findFileFault(folder), 'is a directory');
});

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { publicJwk } from '@hufu/server/keys/algorithms';
import { UsageError } from '../command.ts';
import { clientKeyCreate } from './client-key-create.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-key-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'hufu.yaml');
writeFileSync(
  file,
  'issuer: https://id.example\nclients: [{ client_id: known, client_secret: x-0123456789abcdef, grant_types: [client_credentials] }]\n',
);

async function run(...args: readonly string[]): Promise<{ readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  await clientKeyCreate.run({ args: [...args, '--config', file], env: {}, out: (line) => out.push(line), err: (line) => err.push(line) });
  return { out: out.join('\n'), err: err.join('\n') };
}

test('the program gets the private half, the configuration the public one, which reads (RFC 7523 §2.1)', async () => {
  for (const alg of [undefined, 'ES256', 'EdDSA']) {
    const { out, err } = await run('robot@id.example', ...(alg === undefined ? [] : ['--alg', alg]));
    const account = JSON.parse(out);
    assert.deepEqual(
      [account.type, account.client_email, account.token_uri, account.project_id],
      ['service_account', 'robot@id.example', 'https://id.example/oauth/token', 'id.example'],
    );
    assert.doesNotMatch(err, /PRIVATE|"d"/);
    const yaml = err.split('\n').slice(1).join('\n').replace('…', 'read');
    const [client] = readConfig({ text: `issuer: https://id.example\nclients:\n${yaml}`, file: 'f', env: {} }).clients;
    const { keys }: { keys: Record<string, unknown>[] } = Object(client?.metadata['jwks']);
    assert.equal(keys[0]?.['kid'], account.private_key_id);
    for (const [name, value] of Object.entries(publicJwk(createPrivateKey(account.private_key)))) assert.equal(keys[0]?.[name], value);
  }
});

test('a client that is there gets only its key', async () => {
  const { err } = await run('known');
  assert.match(err, /older one may stay/);
  assert.doesNotMatch(err, /client_id/);
});

test('called wrongly it says how', async () => {
  await assert.rejects(run(), UsageError);
  await assert.rejects(run('a', 'b'), UsageError);
  await assert.rejects(run('a', '--alg', 'HS256'), UsageError);
});

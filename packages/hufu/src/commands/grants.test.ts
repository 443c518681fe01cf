import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId, type GrantId, grantId } from '@hufu/protocol/ids';
import { loadConfig } from '@hufu/server/config/load-config';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { placeOf, writePlace } from '@hufu/server/status/place';
import { RefusedError, UsageError } from '../command.ts';
import { withContext } from '../local.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { grantList } from './lists.ts';
import { revokeGrant } from './revoke.ts';

const { file, call, run } = commandFolder(`
mode: test
clients:
  - { client_id: robot, client_secret: robot-secret-0123456789abcdef0123456789, grant_types: [client_credentials] }
`);

test('a grant has the name that tokens and the revocation log give it (Token Status List §6.2), and is revoked by it', async () => {
  const config = await loadConfig(file, {});
  const made = await withContext(call([]), config, async (ctx, now) => {
    await applyConfig(ctx, now);
    const grants: GrantId[] = [];
    for (const scope of ['a', 'b', 'c'])
      grants.push((await ctx.store.ownGrant(ctx.tenant, clientId('robot'), [scope], [], 1, now))?.id ?? assert.fail());
    return grants.map((id) => ({ id, name: writePlace(placeOf(ctx, id)) }));
  });
  const [first, second, third] = made;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const listed: { id: string }[] = JSON.parse(await run(grantList, '--client', 'robot', '--json'));
  assert.deepEqual(
    listed.map(({ id }) => id),
    [third.name, second.name, first.name],
  );
  const reasons = (): Promise<(string | undefined)[]> =>
    withContext(call([]), config, (ctx) =>
      Promise.all(made.map(async ({ id }) => (await ctx.store.findGrant(ctx.tenant, grantId(id)))?.dead?.reason)),
    );
  assert.equal(await run(revokeGrant, second.name), `Grant ${second.name} is revoked.`);
  assert.deepEqual(await reasons(), [undefined, 'revoked_by_admin', undefined]);
  assert.equal(await run(revokeGrant, second.name), `Grant ${second.name} was revoked already.`);
  const told = await run(revokeGrant, third.name.replace('/', '-'), '--json');
  assert.deepEqual(JSON.parse(told), { grant: third.name, result: 'revoked' });
  assert.equal(await run(revokeGrant, String(first.id)), `Grant ${first.name} is revoked.`, 'as the server’s log names it');
  for (const wrong of ['x', '1/2/3', '01/2', '1/1048576', '0', '-1']) await assert.rejects(run(revokeGrant, wrong), UsageError, wrong);
  await assert.rejects(run(revokeGrant, '999999'), RefusedError);
  const nobodys = await withContext(call([]), config, (ctx) => Promise.resolve([0, 999_999].map((id) => writePlace(placeOf(ctx, id)))));
  for (const name of nobodys) await assert.rejects(run(revokeGrant, name), RefusedError);
});

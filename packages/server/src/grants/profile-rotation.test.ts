import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readClientMetadata, writeClientMetadata } from '@hufu/protocol/client-metadata';
import { findClient } from '../clients.ts';
import { clientKeyPair } from '../testing/client-assertions.ts';
import { PROFILE_NAMES, profilesYaml } from '../testing/profile-clients.ts';
import { openWorld } from '../testing/world.ts';
import { rotates } from './refresh-token.ts';

const world = await openWorld({ yaml: profilesYaml([await clientKeyPair('ec')]) });
after(() => world.close());

const OFF: ReadonlySet<string> = new Set(['fapi2_security', 'fapi2_message_signing', 'fapi1_advanced']);

for (const profile of PROFILE_NAMES) {
  test(`${profile}: refreshing ${OFF.has(profile) ? 'leaves the refresh token' : 'brings a new refresh token'} (FAPI 2.0 Security Profile §5.3.2.1)`, async () => {
    const client = (await findClient(world.ctx, profile)) ?? assert.fail();
    assert.equal(rotates(client), !OFF.has(profile));
    // Whatever its own settings say.
    const { hufu, ...wire } = writeClientMetadata(client.metadata);
    const read = readClientMetadata({ ...wire, hufu: { ...hufu, refresh_token: { rotation: 'on' } } }, { source: 'store' });
    assert.ok(read.kind === 'read');
    assert.equal(rotates({ ...client, metadata: read.metadata }), !OFF.has(profile));
  });
}

test('a client that cannot prove itself always gets a new one (RFC 9700 §2.2.2)', async () => {
  const client = (await findClient(world.ctx, 'fapi2_security')) ?? assert.fail();
  assert.equal(rotates({ ...client, confidential: false }), true);
});

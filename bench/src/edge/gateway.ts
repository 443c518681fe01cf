/** The whole gateway: one route that wants a user's token with a scope, a feed of revocations, and Passports, signed for each token twice a minute. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { systemNowMs } from '@hufu/gateway/clock';
import { createGateway } from '@hufu/gateway/create-gateway';
import { createPassports } from '@hufu/gateway/passport/passports';
import { LISTEN_OPTIONS } from '@hufu/gateway/proxy/listen-options';
import { traceSource } from '@hufu/gateway/trace';
import { revocationFollower } from '@hufu/resource/follower';
import { answerMemory } from './memory-of.ts';
import { AUDIENCE, SCOPE } from './work.ts';

const [, , port = '', upstream, connections = '64', issuer = ''] = process.argv;
const follower = revocationFollower({ issuer, credentials: { clientId: 'edge', clientSecret: 'secret' }, node: 'bench' });
const passport = createPassports({ edge: 'bench', secrets: [randomBytes(32)] }, { nowMs: systemNowMs, upstreams: ['target'] });
const gateway = createGateway({
  settings: {
    // All clients of the benchmark have one address.
    maxStreams: 100_000,
    maxStreamsPerAddress: 100_000,
    origins: [`http://127.0.0.1:${port}`],
    audience: AUDIENCE,
    routes: [
      {
        name: 'notes',
        path: '/notes',
        upstream: 'target',
        token: 'user',
        scopes: { GET: [SCOPE], POST: ['notes:write'] },
        revocations: { maxAgeSeconds: 10, whenOlder: { openForSeconds: 300 } },
      },
    ],
    upstreams: [
      { name: 'target', targets: [{ url: `http://127.0.0.1:${upstream}` }], connections: Number(connections), keepAliveMs: 30_000 },
    ],
  },
  issuers: [{ issuer, users: 'subject', follower }],
  decisions: { refuse: () => 'bench' },
  newTrace: traceSource(),
  passport,
});
await follower.ready();

const server = createServer({ ...LISTEN_OPTIONS, shouldUpgradeCallback: (request) => gateway.shouldUpgrade(request) }, gateway.onRequest);
server.on('clientError', gateway.onClientError);
server.on('upgrade', gateway.onUpgrade);
answerMemory();
server.listen(Number(port), '127.0.0.1', 2_048, () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit(0));

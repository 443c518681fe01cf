/** Two requests a minute for each address, with Fastify. */
import { limitRequests } from '@hufu/flow/adapters/fastify';
import { createLimiter } from '@hufu/flow/create-limiter';
import { fastify } from 'fastify';

const limiter = createLimiter({
  rules: [{ name: 'calls', key: ['address'], algorithm: { kind: 'gcra', limit: 2, periodMs: 60_000, burst: 2 } }],
});

const app = fastify();
app.addHook('onRequest', limitRequests(limiter));
app.get('/', async () => 'hello');

// In earnest: app.listen.
for (let i = 0; i < 3; i++) console.log('fastify', (await app.inject('/')).statusCode);

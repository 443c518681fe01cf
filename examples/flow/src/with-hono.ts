/** Two requests a minute for each address, with Hono. */
import { limitRequests } from '@hufu/flow/adapters/hono';
import { createLimiter } from '@hufu/flow/create-limiter';
import { Hono } from 'hono';

const limiter = createLimiter({
  rules: [{ name: 'calls', key: ['address'], algorithm: { kind: 'gcra', limit: 2, periodMs: 60_000, burst: 2 } }],
});

const app = new Hono();
app.use(limitRequests(limiter));
app.get('/', (context) => context.text('hello'));

// In earnest: serve of @hono/node-server, which hands over the socket as it is here.
const env = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };
for (let i = 0; i < 3; i++) console.log('hono', (await app.request('/', {}, env)).status);

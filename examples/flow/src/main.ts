/** An API with two limits: one for each address, and one for the searches of each user. A search that finds nothing costs nothing. */
import { outcomeOf } from '@hufu/flow/adapters/admission';
import { type ExpressRequest, limitRequests } from '@hufu/flow/adapters/express';
import { createLimiter } from '@hufu/flow/create-limiter';
import { explain } from '@hufu/flow/explain';
import type { Subject } from '@hufu/flow/rule';
import express from 'express';

const PORT = Number(process.env.PORT ?? 3001);
// An API of yours has access tokens here: who asks is never a mere claim.
const KEYS: Readonly<Record<string, string>> = { 'Bearer key-of-mei': 'mei', 'Bearer key-of-lin': 'lin' };
const BOOKS = ['A tiger in two halves', 'The general and the tiger', 'Bronze'];

const limiter = createLimiter({
  rules: [
    // Whoever it is: 50 a second, and 100 at once.
    { name: 'addresses', key: ['address'], algorithm: { kind: 'gcra', limit: 50, periodMs: 1_000, burst: 100 } },
    // Each user: six searches a minute, three of them at once; the answers say how many are left.
    {
      name: 'searches',
      routes: ['/search'],
      key: ['user'],
      algorithm: { kind: 'gcra', limit: 6, periodMs: 60_000, burst: 3 },
      tell: 'all',
    },
  ],
});

const app = express();

app.get('/search', limitRequests(limiter, { subject: subjectOf }), (request, response) => {
  const found = BOOKS.filter((title) => title.toLowerCase().includes(String(request.query['q']).toLowerCase()));
  const outcome = outcomeOf(request);
  if (found.length === 0 && outcome !== undefined) limiter.refund(outcome);
  response.json(found);
});

// How somebody stands, in words, and without taking anything.
app.get('/standing', (request, response) => {
  response.json(explain(limiter.lookNow(subjectOf(request))));
});

// For your metrics: nobody else's business.
app.get('/limits', (_request, response) => {
  response.json(limiter.snapshot().map(({ name, allowed, refused, keys }) => ({ name, allowed, refused, keys })));
});

app.listen(PORT, 'localhost', () => console.log(`books are searched at http://localhost:${PORT}/search?q=tiger`));

function subjectOf(request: ExpressRequest): Subject {
  return { address: request.ip, user: KEYS[request.headers.authorization ?? ''], route: '/search' };
}

/** An API that accepts letters at once, and sends two of them a second: however many come in, and however many of these processes there are. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { queueHandler } from '@hufu/flow/queue/fetch';
import { createQueue } from '@hufu/flow/queue/queue';
import { JobFailure, startWorker } from '@hufu/flow/queue/worker';
import { Redis } from 'ioredis';

const PORT = Number(process.env.PORT ?? 3001);
const KEYS: Readonly<Record<string, string>> = { 'Bearer key-of-mei': 'mei', 'Bearer key-of-lin': 'lin' };

// Who asks hears at once that Redis is away; nothing is kept back, and nothing is sent a second time.
const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379', {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
});
redis.on('error', (error) => console.error(`redis: ${error.message}`));
await new Promise((resolve) => {
  redis.once('ready', resolve);
});

const letters = createQueue(redis, { name: 'letters', rate: { limit: 2, periodMs: 1_000 }, maxDepth: 5 });

const worker = startWorker(letters, async ({ job, attempt }) => {
  if (job.startsWith('to nobody')) throw new JobFailure('nobody lives there');
  // Whatever takes a job must bear it that the job was done already: here, sent once more.
  console.log(`sends “${job}”, attempt ${attempt}`);
  return 'sent';
});

const handle = queueHandler(letters, {
  path: '/letters',
  // An API of yours has access tokens here: whose jobs these are is never a mere claim.
  scope: (request) => KEYS[request.headers.get('authorization') ?? ''] ?? new Response('who are you?\n', { status: 401 }),
});

const server = createServer((request, reply) => {
  serve(request, reply).catch(() => reply.destroy());
});
server.listen(PORT, 'localhost', () => console.log(`letters are taken at http://localhost:${PORT}/letters`));

async function serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const { method = 'GET', url } = request;
  const body = method === 'POST' ? { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' as const } : {};
  const answer = await handle(new Request(`http://localhost:${PORT}${url}`, { method, headers, ...body }));
  reply.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
}

// What runs is finished, and what waits is somebody else's, or is there at the next start.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close();
    await worker.stop(5_000);
    process.exit(0);
  });
}

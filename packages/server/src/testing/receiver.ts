import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

/** A client's own server at the edge of a test: it takes logout tokens over real HTTP. */
export interface Receiver {
  /** Of the loopback address, without a slash at its end. */
  readonly origin: string;
  /** What came so far. */
  readonly heard: readonly Heard[];
  /** The most requests that were under way at once. */
  readonly most: number;
  /** Resolves once so many have come. */
  count(number: number): Promise<readonly Heard[]>;
  close(): Promise<void>;
}

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  /** Of the form. */
  readonly fields: URLSearchParams;
  /** As it came. */
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** @param answer says 200 where it is left out */
export async function openReceiver(answer: (heard: Heard, reply: ServerResponse) => void = ok): Promise<Receiver> {
  const heard: Heard[] = [];
  const waiting: (() => void)[] = [];
  let underWay = 0;
  let most = 0;
  const server = createServer((request, reply) => {
    underWay += 1;
    most = Math.max(most, underWay);
    reply.on('close', () => (underWay -= 1));
    void read(request).then((one) => {
      heard.push(one);
      for (const wake of waiting.splice(0)) wake();
      answer(one, reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    heard,
    get most() {
      return most;
    },
    async count(number) {
      while (heard.length < number) await new Promise<void>((resolve) => waiting.push(resolve));
      return heard;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function ok(_: Heard, reply: ServerResponse): void {
  reply.writeHead(200).end();
}

async function read(request: IncomingMessage): Promise<Heard> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    contentType: request.headers['content-type'] ?? '',
    fields: new URLSearchParams(body),
    body,
    headers: request.headers,
  };
}

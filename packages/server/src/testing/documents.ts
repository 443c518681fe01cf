import { createServer, type Server } from 'node:http';

/** What a host answers at a path. */
export interface Served {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but a text is written as JSON. */
  readonly body?: unknown;
  /** Nothing ever comes. */
  readonly silent?: boolean;
}

/** A host on this machine with documents that tests put there. Reached only by servers that exempt 127.0.0.1 from the guard. */
export interface DocumentHost {
  readonly origin: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  put(path: string, served: Served): void;
  close(): Promise<void>;
}

export async function openDocumentHost(): Promise<DocumentHost> {
  const documents = new Map<string, Served>();
  const asked: string[] = [];
  const server: Server = createServer((request, reply) => {
    const path = request.url ?? '';
    asked.push(path);
    const served = documents.get(path);
    if (served?.silent === true) return;
    const body = served?.body ?? '';
    reply.writeHead(served?.status ?? (served === undefined ? 404 : 200), { 'content-type': 'application/json', ...served?.headers });
    reply.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked,
    put: (path, served) => void documents.set(path, served),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

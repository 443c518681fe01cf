/** http-proxy-3 as its documentation sets it up, with connections that are kept. */
import { Agent, createServer, ServerResponse } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { answerMemory } from './memory-of.ts';

const [, , port, upstream, connections = '64'] = process.argv;
const proxy = createProxyServer({
  target: `http://127.0.0.1:${upstream}`,
  agent: new Agent({ keepAlive: true, maxSockets: Number(connections) }),
});
proxy.on('error', (_, __, response) => {
  if (response instanceof ServerResponse && !response.headersSent) response.writeHead(502).end();
  else response?.destroy();
});
const server = createServer((request, response) => proxy.web(request, response));
answerMemory();
server.listen(Number(port), '127.0.0.1', 2_048, () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit(0));

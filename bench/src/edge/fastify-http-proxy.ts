/** @fastify/http-proxy on Fastify, as its documentation sets it up, with undici's pool as large as everybody's. */
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { answerMemory } from './memory-of.ts';

const [, , port, upstream, connections = '64'] = process.argv;
const server = fastify({ logger: false });
await server.register(proxy, {
  upstream: `http://127.0.0.1:${upstream}`,
  undici: { connections: Number(connections), pipelining: 1, keepAliveTimeout: 30_000, bodyTimeout: 0 },
});
answerMemory();
await server.listen({ port: Number(port), host: '127.0.0.1', backlog: 2_048 });
process.send?.({ ready: true });
process.on('disconnect', () => process.exit(0));

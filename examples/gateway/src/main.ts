/** What is behind the gateway: an API that knows nothing of tokens, and tells what it was asked. */
import { createServer } from 'node:http';

const PORT = Number(process.env.PORT ?? 3000);

createServer((request, response) => {
  const { authorization = 'no token', 'x-forwarded-for': address, 'x-user': user = 'no X-User' } = request.headers;
  response.setHeader('content-type', 'text/plain');
  response.end(`${request.method} ${request.url} from ${address}, with ${authorization} and ${user}\n`);
}).listen(PORT, '127.0.0.1', () => console.log(`The service is at http://localhost:${PORT}/, for the gateway alone`));

import { createServer, type Server } from 'node:http';
import { describeResource } from '@hufu/resource/metadata';
import { withToken } from '@hufu/resource/node-http';
import { protect } from '@hufu/resource/protect';
import { verifier } from '@hufu/resource/verifier';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

export interface NotesServerOptions {
  /** Of the authorization server. */
  readonly issuer: string;
  /** The address of the MCP endpoint, and what clients name as `resource`. */
  readonly resource: string;
}

/** An MCP server with one tool, for whoever has a token for it. Where to get one, it says itself (RFC 9728). */
export function notesServer({ issuer, resource }: NotesServerOptions): Server {
  const described = describeResource({ resource, authorizationServers: [issuer], scopes: ['notes:read'], name: 'Notes' });
  const tokens = verifier({ issuer, audience: resource });
  const answer = withToken(
    protect(tokens, { scope: 'notes:read', resourceMetadata: described.url }),
    async (request, response, { subject }) => {
      // Nothing is remembered between two requests: any number of processes may answer.
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      await toolsOf(subject).connect(transport as Parameters<McpServer['connect']>[0]);
      await transport.handleRequest(request, response);
    },
  );
  const endpoint = new URL(resource).pathname;
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', resource);
    if (pathname === described.path) {
      response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
      response.end(JSON.stringify(described.metadata));
      return;
    }
    if (pathname !== endpoint) {
      response.writeHead(404).end();
      return;
    }
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
}

function toolsOf(subject: string): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('read_notes', { description: 'Reads the notes of the user.' }, () => ({
    content: [{ type: 'text', text: `the notes of ${subject}: the gate is shut` }],
  }));
  return server;
}

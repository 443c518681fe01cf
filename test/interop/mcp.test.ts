/** Clients of the Model Context Protocol that know the address of a server and nothing else, with the SDK of the protocol on both sides. */
import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { after, before, describe, test } from 'node:test';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { OAuthClientInformationMixed, OAuthClientMetadata, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import { notesServer } from '../../examples/mcp/src/notes-server.ts';
import { testCertificate } from '../support/certificate.ts';
import { ENGINES } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from './mcp-sdk.ts';
import { arriveAt, type Provider, startProvider, USER } from './relying-party.ts';

const REDIRECT_URI = 'http://127.0.0.1:9999/callback';
const METADATA: OAuthClientMetadata = {
  client_name: 'Assistant',
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

/** What an MCP client keeps, and where it sends its user. */
class Kept implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT_URI;
  readonly clientMetadata = METADATA;
  readonly clientMetadataUrl?: string;
  information: OAuthClientInformationMixed | undefined;
  held: OAuthTokens | undefined;
  sentTo: URL | undefined;
  #verifier = '';

  constructor(clientMetadataUrl?: string) {
    if (clientMetadataUrl !== undefined) this.clientMetadataUrl = clientMetadataUrl;
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.information;
  }
  saveClientInformation(information: OAuthClientInformationMixed): void {
    this.information = information;
  }
  tokens(): OAuthTokens | undefined {
    return this.held;
  }
  saveTokens(tokens: OAuthTokens): void {
    this.held = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.sentTo = url;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
}

const certificate = testCertificate();

for (const engine of ENGINES) {
  describe(`the MCP SDK on ${engine}`, () => {
    let provider: Provider;
    let notes: Server;
    let documents: Server;
    let resource: string;
    let documentId: string;
    const asked: string[] = [];

    before(async () => {
      const port = await freePort();
      resource = `http://localhost:${port}/mcp`;
      documents = createHttpsServer(certificate, (request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ client_id: documentId, ...METADATA }));
      });
      documentId = `https://localhost:${await listening(documents, 0)}/assistant.json`;
      provider = await startProvider(
        engine,
        `
policies:
  registration: open
  registered_clients: { profile: mcp }
  outbound: { allow_hosts: [localhost, 127.0.0.1, '::1'] }
resources:
  - { identifier: '${resource}', scopes: [notes:read] }
  - { identifier: 'http://localhost:${port}/other', scopes: [notes:read] }
users: [{ username: ${USER.username}, password: '${USER.password}', claims: { sub: mei-sub } }]
`,
        { trusts: certificate },
      );
      notes = notesServer({ issuer: provider.issuer, resource });
      await listening(notes, port);
    });
    after(async () => {
      notes?.close();
      documents?.close();
      await provider?.stop();
    });

    const connected = async (kept: Kept): Promise<InstanceType<typeof Client>> => {
      const client = new Client({ name: 'assistant', version: '1.0.0' });
      await client.connect(transportTo(resource, kept));
      return client;
    };

    /** From the refusal to the tokens, as the SDK does it; the user is at a browser. */
    async function letIn(kept: Kept): Promise<URL> {
      await assert.rejects(connected(kept), UnauthorizedError);
      const sentTo = kept.sentTo ?? assert.fail('nobody was sent anywhere');
      const { arrived } = await arriveAt(provider.issuer, sentTo);
      assert.equal(arrived.searchParams.get('iss'), provider.issuer);
      await transportTo(resource, kept).finishAuth(arrived.searchParams.get('code') ?? assert.fail(arrived.href));
      return sentTo;
    }

    for (const way of ['registers itself (RFC 7591 §3)', 'is described by a document (OAuth Client ID Metadata Document §4)'] as const) {
      test(`a client that ${way} finds the way from a 401 to the tools, and refreshes (RFC 9728 §5, RFC 8707 §2)`, async () => {
        const kept = new Kept(way.startsWith('is') ? documentId : undefined);
        const sentTo = await letIn(kept);
        assert.equal(sentTo.searchParams.get('resource'), resource);
        assert.equal(sentTo.searchParams.get('code_challenge_method'), 'S256');
        assert.equal(sentTo.searchParams.get('scope'), 'notes:read');
        const id = String(kept.information?.client_id);
        if (way.startsWith('is')) assert.deepEqual([id, asked.includes('/assistant.json')], [documentId, true]);
        else assert.match(id, /^client_/);

        const client = await connected(kept);
        const answer = await client.callTool({ name: 'read_notes' });
        assert.deepEqual(answer.content, [{ type: 'text', text: 'the notes of mei-sub: the gate is shut' }]);
        await client.close();

        const first = kept.held ?? assert.fail('no tokens');
        kept.held = { ...first, access_token: `${first.access_token.slice(0, -8)}AAAAAAAA` };
        const again = await connected(kept);
        assert.equal((await again.listTools()).tools[0]?.name, 'read_notes');
        await again.close();
        assert.notEqual(kept.held?.refresh_token, first.refresh_token);
      });
    }

    test('a refusal says where the server describes itself, and the description who lets people in (RFC 9728 §5.1)', async () => {
      const url = resource.replace('/mcp', '/.well-known/oauth-protected-resource/mcp');
      const refused = await fetch(resource, { method: 'POST' });
      assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, `Bearer resource_metadata="${url}"`]);
      assert.deepEqual(Object(await (await fetch(url)).json())['authorization_servers'], [provider.issuer]);
    });

    test('a request that names no server is refused, and a token for another one is of no use (RFC 8707 §2)', async () => {
      const kept = new Kept();
      const sentTo = await letIn(kept);
      const bare = new URL(sentTo);
      bare.searchParams.delete('resource');
      const { arrived } = await arriveAt(provider.issuer, bare);
      assert.equal(arrived.searchParams.get('error'), 'invalid_target');

      const elsewhere = new Kept();
      elsewhere.information = kept.information;
      await assert.rejects(connected(elsewhere), UnauthorizedError);
      const wrong = elsewhere.sentTo ?? assert.fail();
      wrong.searchParams.set('resource', resource.replace('/mcp', '/other'));
      const code = (await arriveAt(provider.issuer, wrong)).arrived.searchParams.get('code') ?? assert.fail();
      // The SDK names the server again with the code: it gets no token for one that nobody agreed to.
      await assert.rejects(transportTo(resource, elsewhere).finishAuth(code), /invalid_target|resource/);
    });
  });
}

function transportTo(resource: string, authProvider: Kept): InstanceType<typeof StreamableHTTPClientTransport> {
  return new StreamableHTTPClientTransport(new URL(resource), { authProvider });
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, 'localhost', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

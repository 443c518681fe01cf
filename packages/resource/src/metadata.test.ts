import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeResource } from './metadata.ts';

test('a described resource knows its document, its address and its path (RFC 9728 §3, §5)', () => {
  const described = describeResource({ resource: 'https://api.example/mcp', authorizationServers: ['https://id.example'] });
  assert.deepEqual(described, {
    metadata: { resource: 'https://api.example/mcp', authorization_servers: ['https://id.example'] },
    url: 'https://api.example/.well-known/oauth-protected-resource/mcp',
    path: '/.well-known/oauth-protected-resource/mcp',
  });
});

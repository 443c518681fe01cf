import { oauth21 } from './oauth21.ts';
import type { Profile } from './profile.ts';

/** The authorization profile of the Model Context Protocol: OAuth 2.1, and each request names the server that its token is for (RFC 8707 §2). */
export const mcp: Profile = {
  name: 'mcp',
  rules: { ...oauth21.rules, resource: 'required' },
  findFaults: (metadata) => oauth21.findFaults(metadata),
};

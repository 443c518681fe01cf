import { oauth21 } from './oauth21.ts';
import { defineProfile, type Profile } from './profile.ts';

/**
 * The authorization profile of the Model Context Protocol: OAuth 2.1, and each request names the server that its token is for (RFC 8707 §2). Its clients
 * learn of scopes from that server, after they registered or wrote their document: what they did not say then, they may still ask people for.
 */
export const mcp: Profile = defineProfile({
  name: 'mcp',
  rules: { ...oauth21.rules, resource: 'required', unsaidScope: 'every' },
  findDemands: (metadata) => oauth21.findDemands(metadata),
});

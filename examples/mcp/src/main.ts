/** An MCP server that Hufu guards: clients find the way to a token by themselves. */
import { notesServer } from './notes-server.ts';

const PORT = Number(process.env.PORT ?? 3001);
const API_URL = process.env.API_URL ?? `http://localhost:${PORT}`;
const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';

notesServer({ issuer: ISSUER, resource: `${API_URL}/mcp` }).listen(PORT, '127.0.0.1', () => console.log(`The notes are at ${API_URL}/mcp`));

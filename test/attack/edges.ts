import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { Wire } from '@hufu/gateway/testing/proxy-world';
import { makeKey, signToken, startIssuer, type TestIssuer } from '@hufu/resource/testing/issuer';
import { type GatewayProcess, gatewayYaml, startGatewayProcess } from '../support/edge/gateway-process.ts';
import { freePort } from '../support/hufu.ts';
import { startProcess } from '../support/hufu-process.ts';

export const AUDIENCE = 'https://api.example';
const KEY = makeKey('ES256', 'edge');

/** A gateway that runs in a process of its own, by whatever command. */
export interface Edge {
  /** `hufu gateway`, or `hufu start` with a gateway beside the server. */
  readonly command: 'gateway' | 'start';
  readonly port: number;
  /** For `Host`. */
  readonly host: string;
  wire(): Wire;
  /** A request line and its headers, with the right Host unless there is one; what is said until the connection ends, or the answer is whole. */
  ask(line: string, headers?: readonly string[], body?: string): Promise<string>;
}

/** Gateways of one configuration, with an issuer whose tokens they take. */
export interface Edges {
  readonly all: readonly Edge[];
  readonly issuer: TestIssuer;
  /** An access token, good for ten minutes. */
  token(changes?: object): string;
  /** Throws where one of them has ended by itself. */
  assertAlive(): void;
}

/** Starts `hufu gateway` and `hufu start` for the `describe` that calls this. `yaml` follows `issuers` below `gateway:`. */
export function edges(yaml: () => Promise<string>, origins: readonly string[] = []): Edges {
  let directory: string;
  let issuer: TestIssuer;
  let alone: GatewayProcess;
  const all: Edge[] = [];
  const ends: (() => Promise<unknown>)[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hufu-edges-'));
    issuer = await startIssuer([KEY]);
    const text = `  audience: ${AUDIENCE}\n  issuers: [{ issuer: "${issuer.issuer}", users: subject }]\n${await yaml()}`;
    const [port, serverPort, besidePort] = [await freePort(), await freePort(), await freePort()];
    alone = await startGatewayProcess({ directory, port, origins, head: 'issuer: http://localhost:4400', yaml: text });
    ends.push(() => alone.stop());
    all.push(edgeAt('gateway', port));
    const database = `sqlite:${join(directory, 'hufu.db')}`;
    const beside = { port: besidePort, origins, yaml: text };
    const server = await startProcess({ directory, port: serverPort, database, mode: 'test', yaml: gatewayYaml(beside) });
    ends.push(() => server.stop());
    all.push(edgeAt('start', besidePort));
  });
  after(async () => {
    await Promise.all(ends.map((end) => end()));
    await issuer.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    all,
    get issuer() {
      return issuer;
    },
    token(changes = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const times = { iat: now, exp: now + 600, jti: String(Math.random()) };
      const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', scope: 'notes:read', ...times };
      return signToken(KEY, { ...claims, ...changes });
    },
    assertAlive() {
      if (alone.exitCode() !== undefined) throw new Error(`the gateway has ended:\n${alone.lines.slice(-20).join('\n')}`);
    },
  };
}

export function edgeAt(command: Edge['command'], port: number): Edge {
  const host = `127.0.0.1:${port}`;
  return {
    command,
    port,
    host,
    wire: () => new Wire(port),
    async ask(line, headers = [], body = '') {
      const hosts = headers.some((one) => /^host:/i.test(one)) ? [] : [`Host: ${host}`];
      const wire = new Wire(port);
      wire.send(`${[`${line} HTTP/1.1`, ...hosts, ...headers].join('\r\n')}\r\n\r\n${body}`);
      const isHead = line.startsWith('HEAD ');
      await wire.until(() => wire.isClosed || isWhole(wire.heard, isHead));
      wire.close();
      return wire.heard;
    },
  };
}

function isWhole(heard: string, isHead: boolean): boolean {
  const end = heard.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = heard.slice(0, end);
  if (isHead || /^HTTP\/1\.1 (?:204|304|101)/.test(head)) return true;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return length === undefined ? heard.endsWith('0\r\n\r\n') : heard.length >= end + 4 + Number(length);
}

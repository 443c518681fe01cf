import type { Config } from '@hufu/server/config/config';
import { readConfig } from '@hufu/server/config/read-config';
import type { Context } from '@hufu/server/context';
import type { Route } from '@hufu/server/route';
import { DEMO_CONFIG } from './demo-config.ts';
import { demoConfigWithEdge, demoEdgeOrigin } from './demo-edge.ts';
import { demoRoutes } from './demo-routes.ts';
import { type EdgeService, startEdgeService } from './edge-service.ts';
import { Notes } from './notes.ts';

/** The demo of `npm start`, with what is behind its gateway. */
export interface Demo {
  readonly config: Config;
  readonly routes: (ctx: Context) => readonly Route[];
  close(): Promise<void>;
}

/** Starts the service behind the demo's gateway, and reads the configuration that goes with it. One notebook is behind both doors. */
export async function startDemo(env: Readonly<Record<string, string | undefined>>, nowMs: () => number): Promise<Demo> {
  const notes = new Notes(nowMs());
  const origin = demoEdgeOrigin(env);
  const service: EdgeService | undefined = origin === undefined ? undefined : await startEdgeService(notes, origin, nowMs);
  try {
    const text = origin === undefined || service === undefined ? DEMO_CONFIG : demoConfigWithEdge(origin, service.url);
    return {
      config: readConfig({ text, file: 'the demo', env }),
      routes: (ctx) => demoRoutes(ctx, notes),
      close: async () => service?.close(),
    };
  } catch (error) {
    await service?.close();
    throw error;
  }
}

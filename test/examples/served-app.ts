import assert from 'node:assert/strict';
import { Agent, type Page } from '../support/agent.ts';
import { freePort } from '../support/hufu.ts';
import { type Running, type RunningHufu, startExample, startHufu, waitFor } from './running.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };

/** One browser: an agent for each of the two sites, as their cookies are apart. */
export interface Visit {
  readonly atApp: Agent;
  readonly atHufu: Agent;
}

/** An example that is a web app, and the Hufu of its `hufu.yaml`. */
export interface ServedApp {
  /** Where it is. */
  readonly app: string;
  readonly config: string;
  readonly hufu: RunningHufu;
  readonly running: Running;
  /** Mei in a browser of her own, back at the app. */
  signIn(): Promise<Visit>;
  stop(): Promise<void>;
}

/** @param start how it is started, with these variables: as the others are, by default */
export async function serveApp(
  name: string,
  start: (env: Readonly<Record<string, string>>) => Running = (env) => startExample(name, env),
): Promise<ServedApp> {
  const port = await freePort();
  const app = `http://localhost:${port}`;
  const config = `examples/${name}/hufu.yaml`;
  const hufu = await startHufu(config, { APP_URL: app });
  const running = start({ PORT: String(port), APP_URL: app, ISSUER: hufu.issuer });
  const stop = async (): Promise<void> => {
    await running.stop();
    await hufu.stop();
  };
  try {
    await waitFor(`${app}/`, running);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    app,
    config,
    hufu,
    running,
    stop,
    async signIn() {
      const atApp = new Agent(app);
      const atHufu = new Agent(hufu.issuer);
      let page: Page = await atHufu.get((await atApp.get('/signin')).location);
      for (let step = 0; step < 6 && !page.location.startsWith(app); step += 1) {
        if (page.location !== '') page = await atHufu.get(page.location);
        else if (page.name === 'signin') page = await atHufu.submit(page, MEI);
        else if (page.name === 'consent') page = await atHufu.submit(page, { decision: 'allow' });
      }
      assert.equal((await atApp.get(page.location)).location, '/');
      return { atApp, atHufu };
    },
  };
}

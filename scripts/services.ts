/**
 * What tests may need beside Node. A suite asks for a service by naming it somewhere in what its tests import: no list to keep.
 * A service that is added here gets one entry.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importClosure } from './imports.ts';
import { ensureChromium } from './provision/chromium.mjs';
import { startPostgres } from './provision/postgres.mjs';
import { ensureRedis } from './provision/redis.mjs';
import { ensureSlapd } from './provision/slapd.mjs';

interface Service {
  readonly name: string;
  /** The environment variable that hands it to the tests; one that is set already is left alone. */
  readonly variable: string;
  /** What a test's text looks like that needs it. */
  readonly asked: RegExp;
  readonly start: (directory: string, log: (line: string) => void) => Promise<Started>;
}

interface Started {
  readonly value: string;
  readonly stop: () => Promise<void>;
}

const SERVICES: readonly Service[] = [
  {
    name: 'postgres',
    variable: 'HUFU_TEST_POSTGRES',
    asked: /\bHUFU_TEST_POSTGRES\b/,
    start: async (directory, log) => {
      const { url, stop } = await startPostgres({ directory: join(directory, 'postgres'), log });
      return { value: url, stop: () => stop() };
    },
  },
  {
    name: 'chromium',
    variable: 'CHROMIUM',
    asked: /\bCHROMIUM\b|\bplaywright-core\b/,
    start: async (_directory, log) => ({ value: await ensureChromium(log), stop: async () => {} }),
  },
  {
    name: 'slapd',
    variable: 'HUFU_TEST_SLAPD',
    asked: /\bHUFU_TEST_SLAPD\b/,
    start: async (_directory, log) => ({ value: await ensureSlapd(log), stop: async () => {} }),
  },
  {
    name: 'redis',
    variable: 'HUFU_TEST_REDIS',
    asked: /\bHUFU_TEST_REDIS\b/,
    start: async (_directory, log) => ({ value: await ensureRedis(log), stop: async () => {} }),
  },
];

/** The services of one run: each is started when the first suite asks for it, and stopped with the run. */
export class Services {
  readonly #root: string;
  readonly #directory: string;
  readonly #log: (line: string) => void;
  readonly #started = new Map<Service, Promise<Started>>();

  constructor(root: string, directory: string, log: (line: string) => void) {
    this.#root = root;
    this.#directory = directory;
    this.#log = log;
  }

  /**
   * Starts what the test files ask for.
   * @returns the variables to set for them
   * @throws Error naming the service that cannot be had, and why
   */
  async provide(files: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const texts = [...importClosure(this.#root, files)].map((file) => readFileSync(file, 'utf8'));
    const variables: Record<string, string> = {};
    for (const service of SERVICES) {
      if (process.env[service.variable] !== undefined || !texts.some((text) => service.asked.test(text))) continue;
      variables[service.variable] = await this.#start(service);
    }
    return variables;
  }

  async stop(): Promise<void> {
    for (const starting of this.#started.values()) {
      const started = await starting.catch(() => undefined);
      await started?.stop();
    }
    this.#started.clear();
  }

  async #start(service: Service): Promise<string> {
    const starting = this.#started.get(service) ?? service.start(this.#directory, this.#log);
    this.#started.set(service, starting);
    try {
      return (await starting).value;
    } catch (cause) {
      throw new Error(`${service.name} cannot be had: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

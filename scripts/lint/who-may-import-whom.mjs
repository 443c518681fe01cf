// @ts-check
/** The lint rule for what may import what. The tables are the architecture; the rest reads them. */
import { isBuiltin } from 'node:module';
import { dirname, posix } from 'node:path';

/**
 * A package, the packages that it may import, and why no more than these.
 * @type {Record<string, { may: readonly string[], why: string }>}
 */
const PACKAGES = {
  protocol: { may: [], why: 'protocol is what is true on the wire, and everything else stands on it' },
  flow: { may: [], why: 'flow is arithmetic: (state, now, cost, rule) → (state, decision)' },
  store: { may: ['protocol', 'flow'], why: 'the store keeps what it is given and knows neither servers nor clients' },
  resource: { may: ['protocol'], why: "the SDK runs in other people's processes and brings nothing of the server along" },
  client: { may: ['protocol'], why: "the SDK runs in other people's processes and browsers and brings nothing of the server along" },
  server: {
    may: ['protocol', 'flow', 'store'],
    why: 'the server issues; what verifies at an edge or asks for tokens is built on top, not into it',
  },
  gateway: {
    may: ['protocol', 'flow', 'store', 'resource', 'client'],
    why: 'the gateway runs our own SDKs in production and reaches the server as any other client does',
  },
  console: { may: ['client', 'protocol'], why: 'the console is one more client of the admin API' },
  hufu: { may: ['protocol', 'flow', 'store', 'resource', 'client', 'server', 'gateway', 'console'], why: 'hufu composes everything' },
};

/** Nobody but the composition root imports these. */
const TOPS = ['hufu', 'server', 'gateway', 'console'];

/** Pure packages: no I/O, so that they run in browsers and at edges and their tests need nothing. */
const PURE = ['protocol', 'flow'];

/** Rooms of these that talk to the world for the rest: to Redis, to a framework. */
const OPEN_ROOMS = /^(?:node|redis|queue|adapters)\//;

/** Inside the server a request goes down these steps; rooms on the same step may know each other. */
const STEPS = [['serve.ts'], ['routes.ts'], ['endpoints/'], ['client-auth/', 'authorize/', 'grants/'], ['tokens/'], ['keys/']];

/** @typedef {{ package: string, path: string }} Place of a file: its package, and its path in the package's src */

/** @type {import('./rule.ts').Rule} */
export const whoMayImportWhom = {
  create(context) {
    const here = placeOf(context.filename);
    if (here === undefined) return {};
    /** @param {import('./rule.ts').Node} node */
    const check = ({ type, source, importKind, exportKind }) => {
      if (typeof source?.value !== 'string') return;
      const typesOnly = type === 'TSImportType' || importKind === 'type' || exportKind === 'type';
      const message = findBreach(here, context.filename, source.value, typesOnly);
      if (message !== undefined) context.report({ message, node: source });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

/**
 * @param {Place} here
 * @param {string} filename
 * @param {string} specifier
 * @param {boolean} typesOnly
 * @returns {string | undefined} what is wrong with it
 */
function findBreach(here, filename, specifier, typesOnly) {
  if (specifier.startsWith('.')) return findRelativeBreach(here, filename, specifier);
  if (isBuiltin(specifier)) return findPurityBreach(here, specifier);
  const [, target] = /^(?:@hufu\/([^/]+)|hufu)(?:\/|$)/.exec(specifier) ?? [];
  const name = specifier === 'hufu' || specifier.startsWith('hufu/') ? 'hufu' : target;
  return name === undefined ? undefined : findPackageBreach(here, name, typesOnly);
}

/**
 * @param {Place} here
 * @param {string} target
 * @param {boolean} typesOnly
 */
function findPackageBreach(here, target, typesOnly) {
  const rule = PACKAGES[here.package];
  if (rule === undefined)
    return `The package ${here.package} has no place in the architecture yet: say in scripts/lint what it may import.`;
  if (target === here.package) return 'Inside a package imports are relative.';
  if (!rule.may.includes(target)) {
    const only = rule.may.length === 0 ? 'nothing of ours' : `only ${rule.may.join(', ')}`;
    const top = TOPS.includes(target) ? ` Nobody${target === 'hufu' ? '' : ' but hufu, the composition root,'} imports ${target}.` : '';
    return `${here.package} imports ${only}, not ${target}: ${rule.why}.${top}`;
  }
  if (here.package === 'console' && target === 'protocol' && !typesOnly) {
    return 'console imports only types of protocol: what has to be decided on the wire is decided by the server.';
  }
  return undefined;
}

/**
 * @param {Place} here
 * @param {string} specifier
 */
function findPurityBreach(here, specifier) {
  if (!PURE.includes(here.package) || here.path.endsWith('.test.ts')) return undefined;
  if (here.package === 'flow' && OPEN_ROOMS.test(here.path)) return undefined;
  return `${here.package} is pure and does not import ${specifier}: no I/O, no clock, no randomness, so that it runs anywhere and its tests need nothing.`;
}

/**
 * @param {Place} here
 * @param {string} filename
 * @param {string} specifier
 */
function findRelativeBreach(here, filename, specifier) {
  const target = posix.join(toPosix(dirname(filename)), specifier);
  const there = placeOf(target);
  // What provides PostgreSQL and the like to tests belongs to no package.
  if (there === undefined && here.path.endsWith('.test.ts') && target.includes('/scripts/provision/')) return undefined;
  if (there?.package !== here.package)
    return 'Another package is imported by its name (@hufu/store/port), so that its package.json says what it depends on.';
  if (here.package !== 'server') return undefined;
  const from = stepOf(here.path);
  const to = stepOf(there.path);
  if (from === undefined || to === undefined || to >= from) return undefined;
  return `Inside the server nothing goes upward: routes → endpoints → client-auth, authorize, grants → tokens → keys. ${there.path} stands above ${here.path}; hand over what is needed as a parameter.`;
}

/** @param {string} path */
function stepOf(path) {
  const step = STEPS.findIndex((rooms) => rooms.some((room) => (room.endsWith('/') ? path.startsWith(room) : path === room)));
  return step === -1 ? undefined : step;
}

/**
 * @param {string} filename
 * @returns {Place | undefined} undefined outside packages
 */
function placeOf(filename) {
  const match = /^.*\/packages\/([^/]+)\/src\/(.+)$/.exec(toPosix(filename));
  return match?.[1] === undefined || match[2] === undefined ? undefined : { package: match[1], path: match[2] };
}

/** @param {string} path */
function toPosix(path) {
  return path.replaceAll('\\', '/');
}

import { signingAlgorithms } from '../keys/algorithms.ts';
import { checkConfig } from './check-config.ts';
import type { Config, Mode } from './config.ts';
import { configShape, MODES } from './config-schema.ts';
import { readIssuer } from './issuer.ts';
import { defaultListen } from './listen.ts';
import { type ConfigNode, findText, findValue, listItems } from './node.ts';
import { applyOverrides, warnOfMisspelledOverrides } from './overrides.ts';
import { policiesShape } from './policies-shape.ts';
import { ConfigError, Problems } from './problem.ts';
import { readDocument } from './read-document.ts';
import { FAILED, type Reading, Refused, Spot } from './shape.ts';
import { DEFAULT_ALGORITHMS } from './signing-shape.ts';
import { type Environment, substituteVariables } from './substitute.ts';
import { writtenPolicies } from './written-policies.ts';

/** What a configuration is read from. */
export interface ConfigSource {
  /** YAML 1.2 or JSON, at most 1 MiB. */
  readonly text: string;
  /** Its name, for messages. */
  readonly file: string;
  /** For `${NAME}` and for the `HUFU_*` variables that overrule the file. */
  readonly env: Environment;
  /** Why a file that the configuration names (`tls`) cannot be used; undefined where it can. Without it all are taken as usable. */
  readonly checkFile?: (path: string) => string | undefined;
}

/**
 * Reads a configuration. Touches nothing but what it is given.
 * @throws ConfigError with every problem there is, in the order of the lines. What is only odd is in `warnings`.
 */
export function readConfig(source: ConfigSource): Config {
  const problems = new Problems();
  const warnings = new Problems();
  const document = readDocument(source.text, source.file, problems);
  if (document === undefined) throw new ConfigError(problems.sorted());
  const { root, variables } = substituteVariables(applyOverrides(document, source.env, warnings), source.env, problems);
  warnOfMisspelledOverrides(source.env, variables, warnings);

  const issuer = findIssuer(root);
  const mode = findMode(root, issuer);
  const reading: Reading = {
    mode,
    algorithms: findAlgorithms(root),
    identifiers: [...findIdentifiers(root), issuer ?? findText(findValue(root, 'issuer')) ?? ''],
    hasMail: findValue(root, 'mail') !== undefined,
    problems,
    warnings,
    checkFile: source.checkFile ?? (() => undefined),
  };
  const spot = new Spot(reading, [], 'shown');
  const written = configShape.read(root, spot);
  checkConfig(root, issuer, spot);
  if (problems.count > 0 || written === FAILED || issuer === undefined || mode === undefined) throw new ConfigError(problems.sorted());

  return {
    file: source.file,
    mode,
    issuer,
    listen: written.listen ?? defaultListen(issuer),
    tls: written.tls,
    trustedProxies: written.trusted_proxies,
    dataDir: written.data_dir,
    database: written.database ?? { kind: 'sqlite', path: `${written.data_dir.replace(/\/+$/, '')}/hufu.db` },
    signing: written.signing,
    clients: written.clients,
    users: written.users,
    resources: written.resources,
    limits: written.limits,
    redis: written.redis,
    policies: written.policies,
    writtenPolicies: writtenPolicies(findValue(root, 'policies'), policiesShape.schema),
    upstreams: written.upstreams,
    mail: written.mail,
    gateway: written.gateway,
    console: written.console,
    warnings: warnings.sorted(),
  };
}

const DEFAULT_ISSUER = 'http://localhost:4400';

/** The issuer, where it can be read. What is wrong with it is reported when its turn comes. */
function findIssuer(root: ConfigNode): string | undefined {
  const node = findValue(root, 'issuer');
  if (node === undefined) return DEFAULT_ISSUER;
  const text = findText(node);
  const issuer = text === undefined ? undefined : readIssuer(text);
  return issuer instanceof Refused ? undefined : issuer;
}

/** The mode, before everything else, since it decides what is allowed. http means that nobody but this machine is served. */
function findMode(root: ConfigNode, issuer: string | undefined): Mode | undefined {
  const node = findValue(root, 'mode');
  if (node !== undefined) return MODES.find((mode) => mode === findText(node));
  if (issuer === undefined) return undefined;
  return issuer.startsWith('http:') ? 'development' : 'production';
}

/** Those of the known ones that `signing.algorithms` names, or the default where it names none. */
function findAlgorithms(root: ConfigNode): readonly string[] {
  const named = listItems(findValue(findValue(root, 'signing'), 'algorithms')).flatMap((item) => findText(item) ?? []);
  const known = named.filter((algorithm) => signingAlgorithms.has(algorithm));
  return known.length > 0 ? known : DEFAULT_ALGORITHMS;
}

function findIdentifiers(root: ConfigNode): readonly string[] {
  return listItems(findValue(root, 'resources')).flatMap((item) => findText(findValue(item, 'identifier')) ?? []);
}

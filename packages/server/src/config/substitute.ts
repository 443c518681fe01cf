import type { ConfigNode, ScalarNode } from './node.ts';
import { formatPath, type Path } from './path.ts';
import type { Problems } from './problem.ts';

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `$$`, `${NAME}`, `${NAME:-default}`, or the start of something that is none of them. */
const REFERENCE = /\$\$|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-((?:[^$}]|\$(?!\{))*))?\})?/g;
const SECRET_NAME = /PASS|SECRET|KEY|CREDENTIAL/i;
/** Together, over the whole document, in characters. */
const MAX_SUBSTITUTED = 4 * 1024 * 1024;

/** The document with its variables filled in, and which they were. */
export interface Substituted {
  readonly root: ConfigNode;
  readonly variables: ReadonlySet<string>;
}

/**
 * Fills `${NAME}` and `${NAME:-default}` into every text value; `$$` stands for `$`, and a `$` before anything but `{` for itself. As in a
 * shell, `:-` also steps in for a variable that is set but empty. A variable that is missing and has no default is a problem.
 */
export function substituteVariables(root: ConfigNode, env: Environment, problems: Problems): Substituted {
  const variables = new Set<string>();
  // What is used by alias is filled in, and complained about, once.
  const done = new Map<ConfigNode, ConfigNode>();
  let length = 0;

  const visit = (node: ConfigNode, path: Path): ConfigNode => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const result = fill(node, path);
    done.set(node, result);
    return result;
  };

  const fill = (node: ConfigNode, path: Path): ConfigNode => {
    if (node.kind === 'broken') return node;
    if (node.kind === 'list') return { ...node, items: node.items.map((item, index) => visit(item, [...path, index])) };
    if (node.kind === 'map') {
      return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: visit(entry.value, [...path, entry.key]) })) };
    }
    if (typeof node.value !== 'string' || !node.value.includes('$') || node.origin === 'environment') return node;
    return fillText(node, node.value, path);
  };

  const fillText = (node: ScalarNode, text: string, path: Path): ConfigNode => {
    const report = (message: string, found: string): void => {
      problems.add({ ...node.place, path: formatPath(path), message, found, allowed: [], suggestion: undefined });
    };
    const names: string[] = [];
    let broken = false;
    const value = text.replace(REFERENCE, (reference: string, name: string | undefined, fallback: string | undefined) => {
      if (reference === '$$') return '$';
      if (name === undefined) {
        if (!broken) report('`${` starts a variable: `${NAME}` or `${NAME:-default}`; write `$${` for the characters themselves', '');
        broken = true;
        return '';
      }
      names.push(name);
      variables.add(name);
      const set = Object.hasOwn(env, name) ? env[name] : undefined;
      const filled = fallback !== undefined && (set === undefined || set === '') ? fallback.replaceAll('$$', '$') : set;
      if (filled === undefined) {
        report(`the environment variable ${name} is not set and has no default`, `\${${name}}`);
        broken = true;
        return '';
      }
      if (length + filled.length <= MAX_SUBSTITUTED) {
        length += filled.length;
        return filled;
      }
      report('the values of the environment variables are larger than 4 MiB together', `\${${name}}`);
      broken = true;
      return '';
    });
    if (broken) return { kind: 'broken', place: node.place };
    if (names.length === 0) return { ...node, value };
    return { ...node, value, origin: 'environment', secret: names.some((name) => SECRET_NAME.test(name)) };
  };

  return { root: visit(root, []), variables };
}

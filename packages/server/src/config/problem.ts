/** Where something was written. `line` and `column` count from 1; both are 0 where the source has no lines (an environment variable). */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with the configuration. Never holds a secret: what was found in a secret's place is `[secret]`. */
export interface Problem extends Place {
  /** `clients[0].redirect_uris[1]`; '' is the whole document. */
  readonly path: string;
  readonly message: string;
  /** What stands there, as it can be shown; '' where nothing does. */
  readonly found: string;
  /** What may stand there, each in words or as the value itself; empty where the message says it. */
  readonly allowed: readonly string[];
  /** The allowed word that was probably meant. */
  readonly suggestion: string | undefined;
}

/** The most problems that one reading keeps. A document of a mebibyte can hold many more. */
const MAX_PROBLEMS = 1000;
const MAX_SHOWN_PROBLEMS = 50;
const MAX_SHOWN_ALLOWED = 24;

/** Collects what is wrong, so that one reading tells all of it. */
export class Problems {
  readonly #list: Problem[] = [];

  add(problem: Problem): void {
    if (!this.isFull) this.#list.push(problem);
  }

  /** Whether more would be dropped. */
  get isFull(): boolean {
    return this.#list.length >= MAX_PROBLEMS;
  }

  get count(): number {
    return this.#list.length;
  }

  /** In the order of the file; what comes from the environment first. */
  sorted(): Problem[] {
    return this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

/** The configuration cannot be used. `message` is the rendering of all problems, ready for a terminal. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(renderProblems(problems));
    this.problems = problems;
  }
}

/** Each problem on a line of its own, and below it what was found and what is allowed. */
export function renderProblems(problems: readonly Problem[]): string {
  const shown = problems.slice(0, MAX_SHOWN_PROBLEMS).map(renderProblem);
  const more = problems.length - shown.length;
  return more > 0 ? [...shown, `… and ${more} more`].join('\n') : shown.join('\n');
}

/** One problem as text. */
export function renderProblem(problem: Problem): string {
  const where = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const head = `${where}  ${problem.path === '' ? '' : `${problem.path}: `}${problem.message}`;
  const details: string[] = [];
  if (problem.found !== '') details.push(`found: ${problem.found}`);
  if (problem.allowed.length > 0) details.push(`allowed: ${renderAllowed(problem.allowed)}`);
  if (problem.suggestion !== undefined) details.push(`did you mean ${problem.suggestion}?`);
  return details.length > 0 ? `${head}\n    ${details.join('    ')}` : head;
}

function renderAllowed(allowed: readonly string[]): string {
  const shown = allowed.slice(0, MAX_SHOWN_ALLOWED).join(', ');
  return allowed.length > MAX_SHOWN_ALLOWED ? `${shown}, …` : shown;
}

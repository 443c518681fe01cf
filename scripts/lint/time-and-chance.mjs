// @ts-check
/** The lint rule that keeps the process's clock, timers and chance out of everything but the few files that hand them in. */

const TIME = 'Time comes through the context (its clock, read once for each request): a frozen and advanced clock must reach everything.';
const TIMERS = "Timers come through the context, so that a test's clock drives them and a stop finds them.";
const CHANCE = 'Chance comes through the context: a test seeds it, and nothing secret is made of Math.random.';

const TIMER_GLOBALS = new Set(['setTimeout', 'setInterval', 'setImmediate']);
const MEMBERS = new Map([
  ['Date', { property: 'now', why: TIME }],
  ['Math', { property: 'random', why: CHANCE }],
]);
/** @type {ReadonlySet<unknown>} */
const TIMER_MODULES = new Set(['timers', 'node:timers', 'timers/promises', 'node:timers/promises']);

/** @typedef {import('./rule.ts').Node} Node */

/** @type {import('./rule.ts').Rule} */
export const timeAndChance = {
  create(context) {
    return {
      Program() {
        const { through, variables } = context.sourceCode.scopeManager.globalScope;
        const known = variables.filter(({ defs }) => defs.length === 0).flatMap(({ references }) => references);
        for (const { identifier } of [...through, ...known]) {
          const use = identifier.name === 'globalThis' && isObject(identifier) ? identifier.parent : identifier;
          const name = use === identifier ? identifier.name : nameOf(use?.property);
          if (use === undefined || name === undefined || use.parent?.type === 'TSTypeQuery') continue;
          const why = (TIMER_GLOBALS.has(name) ? TIMERS : undefined) ?? whyMember(name, use) ?? whyDate(name, use);
          if (why !== undefined) context.report({ message: `${name}: ${why}`, node: use });
        }
      },
      ImportDeclaration({ source }) {
        if (source && TIMER_MODULES.has(source.value)) context.report({ message: `${source.value}: ${TIMERS}`, node: source });
      },
    };
  },
};

/**
 * @param {string} name
 * @param {Node} use
 */
function whyMember(name, use) {
  const member = MEMBERS.get(name);
  return member !== undefined && isObject(use) && nameOf(use.parent?.property) === member.property ? member.why : undefined;
}

/**
 * `new Date()` and `Date()` read the clock; `new Date(value)` does not.
 * @param {string} name
 * @param {Node} use
 */
function whyDate(name, use) {
  const parent = use.parent;
  if (name !== 'Date' || parent === undefined || parent.callee !== use) return undefined;
  return parent.type === 'CallExpression' || parent.arguments?.length === 0 ? TIME : undefined;
}

/** @param {Node} use */
function isObject(use) {
  return use.parent?.type === 'MemberExpression' && use.parent.object === use;
}

/** @param {Node | undefined} property */
function nameOf(property) {
  return property?.type === 'Identifier' ? property.name : typeof property?.value === 'string' ? property.value : undefined;
}

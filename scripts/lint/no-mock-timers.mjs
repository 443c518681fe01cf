// @ts-check
/** The lint rule against timers that a test takes from everybody: a suite is one process, in which servers of other files are at work. */

const WHY = 'A suite is one process: a timer that a server of another file sets meanwhile never comes. Hand in a clock, or what waits.';

/** @type {import('./rule.ts').Rule} */
export const noMockTimers = {
  create(context) {
    return {
      MemberExpression(node) {
        const { object, property } = node;
        const owner = object?.type === 'MemberExpression' ? object.property : object;
        if (property?.name === 'timers' && owner?.name === 'mock') context.report({ message: `mock.timers: ${WHY}`, node });
      },
    };
  },
};

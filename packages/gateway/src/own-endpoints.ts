import type { OwnEndpoints } from './pipeline.ts';

/** Several as one: the first that takes a request answers it. Undefined for none. */
export function joinEndpoints(...some: readonly (OwnEndpoints | undefined)[]): OwnEndpoints | undefined {
  const all = some.filter((one) => one !== undefined);
  if (all.length < 2) return all[0];
  return {
    takes: (target) => all.some((one) => one.takes(target)),
    answer: (request, response, target) => all.find((one) => one.takes(target))?.answer(request, response, target),
  };
}

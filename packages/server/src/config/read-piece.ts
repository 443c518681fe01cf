import { Problems } from './problem.ts';
import { Spot } from './shape.ts';

/** Where a piece of a configuration is read that came by itself, as JSON: nothing stands around it, no file is looked for, and what is found is shown. */
export function pieceAt(path: readonly string[]): { readonly spot: Spot; readonly problems: Problems } {
  const problems = new Problems();
  const reading = {
    mode: undefined,
    algorithms: [],
    identifiers: [],
    hasMail: false,
    problems,
    warnings: new Problems(),
    checkFile: () => undefined,
  };
  return { spot: new Spot(reading, path, 'shown'), problems };
}

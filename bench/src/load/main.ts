/**
 * The load generator's process: takes plans over the channel to its parent, one after the other, and answers each with a `LoadMessage`.
 */
import type { LoadMessage, Plan } from './plan.ts';
import { runLoad } from './run-load.ts';

process.on('message', (plan: Plan) => {
  runLoad(plan).then(
    (result) => answer({ kind: 'done', result }),
    (error: unknown) => answer({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

function answer(message: LoadMessage): void {
  process.send?.(message);
}

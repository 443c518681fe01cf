import type { MetricOperations } from '@hufu/protocol/admin/metrics';
import { MINUTES_WINDOW, viewMetrics } from '../../metrics/view.ts';
import type { Perform } from '../call.ts';
import { invalid } from '../refusal.ts';

const HOUR = 3_600;
const MAX_STEPS = 400;
/** What the steps of a window are where nobody says: between 15 and 100 of them. */
const STEPS = [60, 300, 900, 7_200] as const;
const USUAL_STEPS = 100;

export const METRICS: { readonly [N in keyof MetricOperations]: Perform<N> } = {
  'metrics.get': async ({ ctx, query, now }) => {
    const { window = HOUR } = query;
    const least = window > MINUTES_WINDOW ? 900 : 60;
    const step = query.step ?? STEPS.find((one) => one >= least && window / one <= USUAL_STEPS) ?? 7_200;
    if (step % least !== 0) throw invalid([{ pointer: 'query/step', detail: `has to be a multiple of ${least} for this window` }]);
    if (window / step > MAX_STEPS) throw invalid([{ pointer: 'query/step', detail: `there would be more than ${MAX_STEPS} steps` }]);
    return { body: await viewMetrics(ctx, { window, step }, now) };
  },
};

import type { MetricsView } from '@hufu/protocol/admin/metrics';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Search } from '../parts/filters.tsx';
import { boundText, pointsOf, seriesOf, stepsOf, totalOf } from './numbers.ts';
import { type BarLayer, TimeBars } from './time-bars.tsx';

interface Figure {
  readonly key: string;
  readonly title: string;
  readonly number: string;
  readonly text: string;
  readonly to: string;
  readonly search?: Search;
  /** A place on this very page. */
  readonly hash?: string;
  readonly layer: BarLayer;
}

/** The four numbers that one looks at first, each the way to what it is made of. */
export function Figures({ view }: { readonly view: MetricsView }) {
  const { t, i18n } = useTranslation();
  const count = (value: number): string => new Intl.NumberFormat(i18n.language).format(value);
  const steps = stepsOf(view);
  const done = seriesOf(view, 'sign_ins', { outcome: 'done' });
  const failed = totalOf(seriesOf(view, 'sign_ins', { outcome: 'failed' }));
  const tokens = seriesOf(view, 'tokens');
  const refusals = seriesOf(view, 'refusals');
  const requests = seriesOf(view, 'requests');
  const [all] = view.latency;
  const answered = totalOf(requests);
  const p95 = all === undefined || all.p95_ms === null ? undefined : (boundText(all.p95_ms, i18n.language) ?? t('dashboard.longer'));
  const figures: readonly Figure[] = [
    {
      key: 'sign-ins',
      title: t('dashboard.signIns'),
      number: count(totalOf(done)),
      text: t('dashboard.signInsFailed', { failed: count(failed) }),
      to: '/audit',
      search: { action: 'session.opened' },
      layer: { name: '', look: 'accent', points: pointsOf(done, steps) },
    },
    {
      key: 'tokens',
      title: t('dashboard.tokens'),
      number: count(totalOf(tokens)),
      text: t('dashboard.tokensText'),
      to: '/grants',
      layer: { name: '', look: 'accent', points: pointsOf(tokens, steps) },
    },
    {
      key: 'refusals',
      title: t('dashboard.refused'),
      number: count(totalOf(refusals)),
      text: t('dashboard.refusedText'),
      to: '/decisions',
      layer: { name: '', look: 'bronze', points: pointsOf(refusals, steps) },
    },
    {
      key: 'requests',
      title: t('dashboard.requests'),
      number: count(answered),
      text: p95 === undefined ? t('dashboard.requestsNone') : t('dashboard.requestsText', { p95 }),
      to: '/',
      hash: 'latency',
      layer: { name: '', look: 'accent', points: pointsOf(requests, steps) },
    },
  ];
  return (
    <ul className="figures">
      {figures.map(({ key, title, number, text, to, search, hash, layer }) => (
        <li key={key} className="sheet" data-figure={key}>
          <h2>{title}</h2>
          <Link
            className="figure"
            to={to}
            {...(search !== undefined && { search })}
            {...(hash !== undefined && { hash, search: (old: Search) => old })}
            aria-label={`${title}: ${number}. ${t('dashboard.all')}`}
          >
            {number}
          </Link>
          <p className="small faded">{text}</p>
          <TimeBars
            label={`${title}: ${number}`}
            since={view.since}
            step={view.step}
            layers={[layer]}
            write={count}
            from={view.held_since}
            small
          />
        </li>
      ))}
    </ul>
  );
}

import type { LatencyView, MetricsView } from '@hufu/protocol/admin/metrics';
import { useTranslation } from 'react-i18next';
import { boundText, hasRequests, heightOf } from './numbers.ts';
import { Nothing, Tile } from './tile.tsx';
import { TimeBars } from './time-bars.tsx';

const SHOWN = 6;

/** How long requests took: as bounds, since they are counted in buckets. */
export function Latency({ view }: { readonly view: MetricsView }) {
  const { t, i18n } = useTranslation();
  const write = (ms: number | null): string => (ms === null || ms === 0 ? '–' : (boundText(ms, i18n.language) ?? t('dashboard.longer')));
  const [all, ...endpoints] = view.latency;
  const rows: readonly (LatencyView & { readonly name: string })[] = [
    ...endpoints.slice(0, SHOWN).map((one) => ({ ...one, name: one.endpoint })),
    ...(hasRequests(view.store_latency) ? [{ ...view.store_latency, name: t('dashboard.store') }] : []),
  ];
  return (
    <Tile id="latency" title={t('dashboard.latency')}>
      {all === undefined || !hasRequests(all) ? (
        <Nothing>{t('dashboard.latencyNone')}</Nothing>
      ) : (
        <>
          <TimeBars
            label={t('dashboard.latencyLabel', { p95: write(all.p95_ms) })}
            since={view.since}
            step={view.step}
            from={view.held_since}
            write={write}
            height={heightOf}
            layers={[{ name: 'p95 ≤', look: 'accent', points: all.points.map((ms) => ms ?? 0) }]}
          />
          <table className="numbers" aria-label={t('dashboard.latency')}>
            <thead>
              <tr>
                <th scope="col">{t('dashboard.endpoint')}</th>
                <th scope="col">{t('dashboard.times')}</th>
                <th scope="col">p50 ≤</th>
                <th scope="col">p95 ≤</th>
                <th scope="col">p99 ≤</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, count, p50_ms, p95_ms, p99_ms }) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td>{new Intl.NumberFormat(i18n.language).format(count)}</td>
                  <td>{write(p50_ms)}</td>
                  <td>{write(p95_ms)}</td>
                  <td>{write(p99_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="small faded">{t('dashboard.latencyText')}</p>
        </>
      )}
    </Tile>
  );
}

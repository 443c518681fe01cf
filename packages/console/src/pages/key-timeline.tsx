import type { KeyView } from '@hufu/protocol/admin/security';
import { useTranslation } from 'react-i18next';
import { nowSeconds } from '../clock.ts';
import { useScrolledTo } from '../parts/use-scrolled-to.ts';

const ROW = 26;
const LEFT = 8;
const WIDTH = 720;
const TOP = 22;
const PAD_SECONDS = 600;

/** Each key from when it is published, over its time in use, to its end. What has no planned end goes on to the edge. */
export function KeyTimeline({ keys }: { readonly keys: readonly KeyView[] }) {
  const { t, i18n } = useTranslation();
  const wrap = useScrolledTo<HTMLElement>('.now', String(keys.length));
  const now = nowSeconds();
  const known = keys
    .flatMap(({ created_at, active_at, retired_at, expires_at }) => [created_at, active_at, retired_at, expires_at])
    .filter((at) => at > 0);
  const first = Math.min(now, ...known) - PAD_SECONDS;
  const last = Math.max(now, ...known) + PAD_SECONDS;
  const span = Math.max(last - first, 1) * 1.06;
  const x = (at: number): number => LEFT + ((at - first) / span) * (WIDTH - LEFT);
  const height = TOP + keys.length * ROW + 6;
  const day = new Intl.DateTimeFormat(
    i18n.language,
    span > 172_800 ? { month: 'short', day: 'numeric' } : { hour: '2-digit', minute: '2-digit' },
  );
  // One that stands where now stands would be written over it.
  const ticks = [0.1, 0.35, 0.6, 0.85].map((part) => first + part * span).filter((at) => Math.abs(at - now) > span * 0.08);
  return (
    <section ref={wrap} className="graph-wrap timeline-wrap" tabIndex={0} aria-label={t('keys.timelineLabel')}>
      <ol className="timeline-names" aria-hidden="true">
        {keys.map(({ kid, alg }, index) => (
          <li key={kid} style={{ top: `${((TOP + index * ROW + 9) / height) * 100}%` }}>
            {alg}
          </li>
        ))}
      </ol>
      <svg
        className="timeline"
        viewBox={`0 0 ${WIDTH} ${height}`}
        style={{ minWidth: 640 }}
        role="img"
        aria-label={t('keys.timelineLabel')}
      >
        {ticks.map((at) => (
          <g key={at}>
            <line className="grid" x1={x(at)} x2={x(at)} y1={TOP - 4} y2={height} />
            <text className="small-text" x={x(at)} y={12} textAnchor="middle">
              {day.format(new Date(at * 1_000))}
            </text>
          </g>
        ))}
        {keys.map(({ kid, alg, state, created_at, active_at, retired_at, expires_at }, index) => {
          const y = TOP + index * ROW;
          const end = retired_at > 0 ? retired_at : first + span;
          const gone = expires_at > 0 ? expires_at : end;
          return (
            <g key={kid}>
              <title>{`${alg} ${kid}: ${t(`keys.states.${state}`)}`}</title>
              {active_at > created_at && (
                <rect className="next" x={x(created_at)} y={y + 4} width={Math.max(x(active_at) - x(created_at), 2)} height={10} />
              )}
              <rect
                className={state === 'retired' ? 'retired' : state}
                x={x(active_at)}
                y={y + 4}
                width={Math.max(x(end) - x(active_at), 2)}
                height={10}
              />
              {gone > end && <rect className="retired" x={x(end)} y={y + 7} width={x(gone) - x(end)} height={4} />}
            </g>
          );
        })}
        <line className="now" x1={x(now)} x2={x(now)} y1={TOP - 4} y2={height} />
        <text className="small-text" x={x(now)} y={12} textAnchor="middle">
          {t('keys.now')}
        </text>
      </svg>
    </section>
  );
}

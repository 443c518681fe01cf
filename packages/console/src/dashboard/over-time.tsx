import type { MetricsView } from '@hufu/protocol/admin/metrics';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { pointsOf, rankedBy, seriesOf, stepsOf, totalOf } from './numbers.ts';
import { BarList, Nothing, Tile } from './tile.tsx';
import { TimeBars } from './time-bars.tsx';

const SHOWN = 8;

interface Seen {
  readonly view: MetricsView;
}

function useCount(): (value: number) => string {
  const { i18n } = useTranslation();
  return (value) => new Intl.NumberFormat(i18n.language).format(value);
}

/** Who came in, and who tried. */
export function SignIns({ view }: Seen) {
  const { t } = useTranslation();
  const count = useCount();
  const steps = stepsOf(view);
  const done = seriesOf(view, 'sign_ins', { outcome: 'done' });
  const failed = seriesOf(view, 'sign_ins', { outcome: 'failed' });
  const sums = { done: count(totalOf(done)), failed: count(totalOf(failed)) };
  return (
    <Tile title={t('dashboard.signInsOverTime')} to="/audit" search={{ action: 'session.opened' }}>
      {done.length + failed.length === 0 ? (
        <Nothing>{t('dashboard.signInsNone')}</Nothing>
      ) : (
        <>
          <TimeBars
            label={t('dashboard.signInsLabel', sums)}
            since={view.since}
            step={view.step}
            from={view.held_since}
            write={count}
            layers={[
              { name: t('dashboard.done'), look: 'accent', points: pointsOf(done, steps) },
              { name: t('dashboard.failed'), look: 'bronze', points: pointsOf(failed, steps) },
            ]}
          />
          <ul className="legend">
            <li className="accent">
              <Link className="link" to="/audit" search={{ action: 'session.opened' }}>
                {t('dashboard.done')} {sums.done}
              </Link>
            </li>
            <li className="bronze">
              <Link className="link" to="/decisions" search={{ endpoint: 'signin' }}>
                {t('dashboard.failed')} {sums.failed}
              </Link>
            </li>
          </ul>
          <BarList
            rows={rankedBy(done, 'method').map(({ name, total }) => ({ name: t(`dashboard.methods.${name as 'password'}`), total }))}
            look="accent"
            write={count}
          />
        </>
      )}
    </Tile>
  );
}

/** What was issued, and for what. */
export function Tokens({ view }: Seen) {
  const { t } = useTranslation();
  const count = useCount();
  const series = seriesOf(view, 'tokens');
  return (
    <Tile title={t('dashboard.tokensByGrant')} to="/grants">
      {series.length === 0 ? (
        <Nothing>
          {t('dashboard.tokensNone')}{' '}
          <Link className="link" to="/clients">
            {t('dashboard.toClients')}
          </Link>
        </Nothing>
      ) : (
        <>
          <TimeBars
            label={`${t('dashboard.tokens')}: ${count(totalOf(series))}`}
            since={view.since}
            step={view.step}
            from={view.held_since}
            write={count}
            layers={[{ name: t('dashboard.tokens'), look: 'accent', points: pointsOf(series, stepsOf(view)) }]}
          />
          <BarList rows={rankedBy(series, 'grant_type')} look="accent" write={count} />
        </>
      )}
    </Tile>
  );
}

/** Why requests were refused: each reason is the way to its decisions. */
export function Refusals({ view }: Seen) {
  const { t } = useTranslation();
  const count = useCount();
  const series = seriesOf(view, 'refusals');
  const ranked = rankedBy(series, 'error');
  return (
    <Tile title={t('dashboard.refusals')} to="/decisions">
      {series.length === 0 ? (
        <Nothing>{t('dashboard.refusalsNone')}</Nothing>
      ) : (
        <>
          <TimeBars
            label={`${t('dashboard.refused')}: ${count(totalOf(series))}`}
            since={view.since}
            step={view.step}
            from={view.held_since}
            write={count}
            layers={[{ name: t('dashboard.refused'), look: 'bronze', points: pointsOf(series, stepsOf(view)) }]}
          />
          <BarList
            rows={ranked.slice(0, SHOWN).map(({ name, total }) => ({ name, total, to: '/decisions', search: { error: name } }))}
            write={count}
          />
          {ranked.length > SHOWN && <p className="small faded">{t('dashboard.andMore', { count: ranked.length - SHOWN })}</p>}
        </>
      )}
    </Tile>
  );
}

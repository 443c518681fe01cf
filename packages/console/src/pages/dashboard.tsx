import type { MetricsView } from '@hufu/protocol/admin/metrics';
import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Figures } from '../dashboard/figures.tsx';
import { Latency } from '../dashboard/latency.tsx';
import { Nodes } from '../dashboard/nodes.tsx';
import { Keys, Limits, Revocations } from '../dashboard/now.tsx';
import { USUAL_WINDOW, WINDOWS, type Window, windowOf } from '../dashboard/numbers.ts';
import { Refusals, SignIns, Tokens } from '../dashboard/over-time.tsx';
import { useFilters } from '../parts/filters.tsx';
import { momentText } from '../parts/moment.tsx';
import { Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

const EVERY_MS = 5_000;
/** What is cut into hours changes no faster than anybody looks. */
const SELDOM_MS = 30_000;
const HOURS = 21_600;

/** What all nodes have counted, since when it is true, and how the nodes are. Nothing here is an estimate. */
export function Dashboard() {
  const { t } = useTranslation();
  const window = windowOf(useFilters()['window']);
  const { data, error } = useRead(
    'metrics.get',
    { query: { window: window.seconds } },
    { everyMs: window.seconds > HOURS ? SELDOM_MS : EVERY_MS },
  );
  const view = data?.body;
  return (
    <Page
      id="dashboard"
      title={t('dashboard.title')}
      lead={view === undefined ? t('dashboard.lead') : <Since view={view} />}
      acts={<Windows window={window} />}
    >
      {view === undefined ? error === null ? <Waiting /> : <Problem error={error} /> : <Numbers view={view} isOld={error !== null} />}
    </Page>
  );
}

function Numbers({ view, isOld }: { readonly view: MetricsView; readonly isOld: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="stack">
      {isOld && <p className="problem">{t('dashboard.old')}</p>}
      {view.partial && <p className="problem">{t('dashboard.partial')}</p>}
      <Figures view={view} />
      <div className="tiles">
        <div className="stack">
          <SignIns view={view} />
          <Refusals view={view} />
          <Revocations />
          <Limits view={view} />
        </div>
        <div className="stack">
          <Tokens view={view} />
          <Latency view={view} />
          <Keys />
        </div>
      </div>
      <Nodes view={view} />
    </div>
  );
}

/** Since when the numbers are, and when they were true. */
function Since({ view: { since, held_since, now, nodes } }: { readonly view: MetricsView }) {
  const { t, i18n } = useTranslation();
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' }).format(new Date(now * 1_000));
  return (
    <>
      {t('dashboard.sinceText', { since: momentText(Math.max(since, held_since ?? since), i18n.language), time, count: nodes.length })}
      {held_since !== null && held_since > since && ` ${t('dashboard.notBefore')}`}
    </>
  );
}

function Windows({ window }: { readonly window: Window }) {
  const { t } = useTranslation();
  return (
    <nav className="windows" aria-label={t('dashboard.window')}>
      {WINDOWS.map((one) => (
        <Link
          key={one.name}
          to="/"
          search={one === USUAL_WINDOW ? {} : { window: one.name }}
          replace
          className={one === window ? 'current' : ''}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {t(`dashboard.windows.${one.name}`)}
        </Link>
      ))}
    </nav>
  );
}

const FIGURES = [0, 1, 2, 3];

/** The shape of what comes. */
function Waiting() {
  return (
    <div className="stack" aria-busy="true">
      <div className="figures">
        {FIGURES.map((figure) => (
          <Skeleton key={figure} height={150} />
        ))}
      </div>
      <div className="tiles">
        {FIGURES.map((tile) => (
          <Skeleton key={tile} height={280} />
        ))}
      </div>
    </div>
  );
}

import type { MetricsView, NodeView } from '@hufu/protocol/admin/metrics';
import { useTranslation } from 'react-i18next';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { type Mood, State } from '../parts/page.tsx';

const MOODS = { live: 'good', silent: 'bad', stopped: 'still' } as const satisfies Readonly<Record<NodeView['state'], Mood>>;
const MIB = 1_048_576;

/** Every process that was heard of in the window, and how it fares. */
export function Nodes({ view }: { readonly view: MetricsView }) {
  const { t, i18n } = useTranslation();
  const number = (value: number, options: Intl.NumberFormatOptions = {}): string =>
    new Intl.NumberFormat(i18n.language, options).format(value);
  const columns: readonly Column<NodeView>[] = [
    {
      label: t('dashboard.node'),
      role: 'main',
      cell: ({ name, instance, version }) => (
        <>
          <code>{name}</code>
          <span className="sub">
            {version}
            {instance === view.instance && ` · ${t('dashboard.thisNode')}`}
          </span>
        </>
      ),
    },
    { label: t('dashboard.state'), cell: ({ state }) => <State mood={MOODS[state]}>{t(`dashboard.states.${state}`)}</State> },
    { label: t('dashboard.seen'), cell: ({ seen_at }) => <Moment at={seen_at} /> },
    { label: t('dashboard.started'), cell: ({ started_at }) => <Moment at={started_at} /> },
    { label: t('dashboard.requests'), cell: ({ requests }) => number(requests) },
    {
      label: t('dashboard.memory'),
      cell: ({ rss_bytes }) =>
        rss_bytes === undefined ? '–' : number(rss_bytes / MIB, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 0 }),
    },
    {
      label: t('dashboard.loop'),
      cell: ({ loop_delay_ms }) =>
        loop_delay_ms === undefined ? '–' : number(loop_delay_ms, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 1 }),
    },
  ];
  return (
    <section>
      <h2 className="part">{t('dashboard.nodes')}</h2>
      <DataTable
        label={t('dashboard.nodes')}
        columns={columns}
        list={{ items: view.nodes, error: null }}
        keyOf={({ instance }) => instance}
        empty={null}
      />
      <p className="small faded">{t('dashboard.nodesText')}</p>
    </section>
  );
}

import type { KeyRetirement, KeyRevocation, KeyView, Rotation } from '@hufu/protocol/admin/security';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { Danger, useAsk } from '../parts/danger.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, type Mood, Page, Sheet, State } from '../parts/page.tsx';
import { tell } from '../parts/tell.tsx';
import { KeyTimeline } from './key-timeline.tsx';

const MOODS: Readonly<Record<KeyView['state'], Mood>> = { next: 'wait', current: 'good', retired: 'still' };

const SUCCESSORS = { made: 'keys.burnMade', there: 'keys.burnThere', none: 'keys.burnNone' } as const;
const LOSSES = { nothing: 'keys.retireNothing', signatures: 'keys.retireSignatures', ciphertexts: 'keys.retireCiphertexts' } as const;

export function Keys() {
  const { t } = useTranslation();
  const { data, error } = useRead('keys.list', {});
  const mayRotate = useMay('security');
  const ask = useAsk();
  const keys = data?.body.items;
  const refresh = (): void => void queryClient.invalidateQueries({ queryKey: ['keys.list'] });
  return (
    <Page
      id="keys"
      title={t('keys.title')}
      lead={t('keys.lead')}
      acts={mayRotate && <Button onClick={() => ask('rotate')}>{t('keys.rotate')}</Button>}
    >
      <div className="stack">
        {keys !== undefined && keys.length > 0 && (
          <Sheet title={t('keys.timeline')}>
            <KeyTimeline keys={keys} />
          </Sheet>
        )}
        <DataTable<KeyView>
          label={t('keys.title')}
          list={{ items: keys, error }}
          keyOf={({ kid }) => kid}
          columns={[
            { label: t('keys.kid'), role: 'main', cell: ({ kid }) => <code>{kid}</code> },
            {
              label: t('keys.alg'),
              cell: ({ alg, use }) => (
                <>
                  <code>{alg}</code> {t(`keys.uses.${use}`)}
                </>
              ),
            },
            { label: t('common.state'), cell: ({ state }) => <State mood={MOODS[state]}>{t(`keys.states.${state}`)}</State> },
            { label: t('keys.activeAt'), cell: ({ active_at }) => <Moment at={active_at} /> },
            { label: t('keys.retiredAt'), cell: ({ retired_at }) => (retired_at === 0 ? '–' : <Moment at={retired_at} />) },
            ...(mayRotate
              ? [
                  {
                    label: t('common.actions'),
                    role: 'acts' as const,
                    cell: ({ kid, state }: KeyView) => (
                      <>
                        {state !== 'current' && (
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() => ask(`retire-${kid}`)}
                            aria-label={`${t('keys.retire')}: ${kid}`}
                          >
                            {t('keys.retire')}
                          </Button>
                        )}{' '}
                        <Button
                          size="compact-sm"
                          variant="outline"
                          color="cinnabar"
                          onClick={() => ask(`burn-${kid}`)}
                          aria-label={`${t('keys.burn')}: ${kid}`}
                        >
                          {t('keys.burn')}
                        </Button>
                      </>
                    ),
                  },
                ]
              : []),
          ]}
          empty={<Empty title={t('common.none')} text={t('keys.lead')} />}
        />
      </div>
      <Danger<Rotation>
        name="rotate"
        title={t('keys.rotateTitle')}
        text={t('keys.rotateText')}
        label={t('keys.rotate')}
        calm
        look={async () => (await call('keys.rotate', { query: { dry_run: true } })).body}
        told={({ added, active_in }) =>
          active_in === 0 ? t('keys.rotateEffectNow', { added }) : t('keys.rotateEffect', { added, seconds: active_in })
        }
        act={() => call('keys.rotate', {})}
        done={() => {
          tell(t('keys.rotatedNote'));
          refresh();
        }}
      />
      {keys?.map(({ kid }) => (
        <Danger<KeyRevocation>
          key={kid}
          name={`burn-${kid}`}
          title={t('keys.burnTitle', { kid: `${kid.slice(0, 12)}…` })}
          text={t('keys.burnText')}
          label={t('keys.burn')}
          look={async () => (await call('keys.revoke', { params: { kid }, query: { dry_run: true } })).body}
          told={({ successor }) => t(SUCCESSORS[successor])}
          act={() => call('keys.revoke', { params: { kid } })}
          done={() => {
            tell(t('keys.burntNote'));
            refresh();
          }}
        />
      ))}
      {keys
        ?.filter(({ state }) => state !== 'current')
        .map(({ kid }) => (
          <Danger<KeyRetirement>
            key={kid}
            name={`retire-${kid}`}
            title={t('keys.retireTitle', { kid: `${kid.slice(0, 12)}…` })}
            text={t('keys.retireText')}
            label={t('keys.retire')}
            look={async () => (await call('keys.retire', { params: { kid }, query: { dry_run: true } })).body}
            told={({ loses, successor_at }) => `${t(LOSSES[loses])} ${successor_at === undefined ? '' : t('keys.retireSuccessor')}`}
            act={() => call('keys.retire', { params: { kid } })}
            done={() => {
              tell(t('keys.retiredNote'));
              refresh();
            }}
          />
        ))}
    </Page>
  );
}

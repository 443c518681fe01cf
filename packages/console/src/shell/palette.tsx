import { createSpotlight, Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { GROUPS } from './pages.ts';

const [store, spotlight] = createSpotlight();

export function openPalette(): void {
  spotlight.open();
}

/** Ctrl-K: pages by their names, and whatever is typed as what it may be the name of. */
export function Palette() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const text = query.trim();
  const pages: SpotlightActionData[] = GROUPS.flatMap((group) =>
    group.pages.map((page) => ({ id: page.name, label: t(`nav.${page.name}`), onClick: () => void navigate({ to: page.to }) })),
  );
  const found = pages.filter(({ label = '', id }) => label.toLowerCase().includes(text.toLowerCase()) || id.includes(text.toLowerCase()));
  const things: SpotlightActionData[] =
    text === ''
      ? []
      : [
          {
            id: 'open-client',
            label: t('top.openClient', { text }),
            onClick: () => void navigate({ to: '/clients', search: { prefix: text } }),
          },
          { id: 'open-user', label: t('top.openUser', { text }), onClick: () => void navigate({ to: '/users', search: { prefix: text } }) },
          ...(/^[0-9]+-[0-9]+$/.test(text)
            ? [
                {
                  id: 'open-grant',
                  label: t('top.openGrant', { text }),
                  onClick: () => void navigate({ to: '/grants/$id', params: { id: text } }),
                },
              ]
            : []),
          ...(/^[0-9A-Za-z_-]{10,40}$/.test(text)
            ? [
                {
                  id: 'open-decision',
                  label: t('top.openDecision', { text }),
                  onClick: () => void navigate({ to: '/decisions/$id', params: { id: text } }),
                },
              ]
            : []),
        ];
  return (
    <Spotlight
      store={store}
      shortcut={['mod + K']}
      query={query}
      onQueryChange={setQuery}
      actions={[...found, ...things]}
      filter={(_, actions) => actions}
      nothingFound={t('top.searchNone')}
      searchProps={{ placeholder: t('top.searchHint'), 'aria-label': t('top.search') }}
      scrollable
      transitionProps={{ duration: 80 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.4 }}
      maxHeight={420}
    />
  );
}

import { isProblem } from '@hufu/client/admin';
import { ActionIcon, Button, CloseButton, Drawer, Group } from '@mantine/core';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { signInProblem } from '../api/sign-in.ts';
import { Mark } from '../parts/mark.tsx';
import { Problem } from '../parts/problem.tsx';
import { AccountMenu } from './account-menu.tsx';
import { NoRole, SignInFailed } from './door.tsx';
import { GROUPS } from './pages.ts';
import { openPalette, Palette } from './palette.tsx';

/** What is around every page. Nobody sees one before the server has said who they are. */
export function Frame() {
  const { pathname } = useLocation();
  return pathname === '/signed-out' ? <Outlet /> : <SignedIn />;
}

function SignedIn() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const [menu, setMenu] = useState(false);
  const { data, error, refetch } = useRead('me.get', {});
  useEffect(() => setMenu(false), [pathname]);
  const failed = signInProblem();
  if (failed !== undefined && data === undefined && error !== null) return <SignInFailed code={failed} />;
  if (isProblem(error, 'access_denied')) return <NoRole />;
  return (
    <div className="frame">
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="top">
        <ActionIcon
          className="only-narrow"
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('nav.menu')}
          onClick={() => setMenu(true)}
        >
          <svg width="20" height="20" viewBox="0 0 20 20" stroke="currentColor" strokeWidth="1.75" aria-hidden="true">
            <path d="M3 5.5h14M3 10h14M3 14.5h14" />
          </svg>
        </ActionIcon>
        <Link to="/" className="brand">
          <Mark />
          {t('product')}
        </Link>
        <div className="top-space" />
        <Button className="only-wide" variant="default" size="xs" onClick={openPalette}>
          {t('top.search')}
          <kbd className="search-key">{/Mac|iP/.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd>
        </Button>
        <ActionIcon className="only-narrow" variant="subtle" color="gray" size="lg" aria-label={t('top.search')} onClick={openPalette}>
          <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.75" aria-hidden="true">
            <circle cx="9" cy="9" r="5" />
            <path d="m13 13 4 4" />
          </svg>
        </ActionIcon>
        {data !== undefined && <AccountMenu me={data.body} />}
      </header>
      <nav className="side" aria-label={t('nav.label')}>
        <Pages />
      </nav>
      <Drawer.Root opened={menu} onClose={() => setMenu(false)} size="17rem" transitionProps={{ duration: 120 }}>
        <Drawer.Overlay backgroundOpacity={0.4} />
        <Drawer.Content>
          <Drawer.Body>
            <Group justify="space-between">
              <Drawer.Title>{t('nav.menu')}</Drawer.Title>
              <CloseButton aria-label={t('common.close')} onClick={() => setMenu(false)} />
            </Group>
            <nav className="side drawer" aria-label={t('nav.label')}>
              <Pages />
            </nav>
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <main className="main" id="main" tabIndex={-1}>
        {error !== null && data === undefined && !isProblem(error, 'invalid_token') ? (
          <Problem error={error} retry={() => void refetch()} />
        ) : data === undefined ? null : (
          <Outlet />
        )}
      </main>
      <Palette />
    </div>
  );
}

function Pages() {
  const { t } = useTranslation();
  return GROUPS.map((group) => (
    <div key={group.name}>
      <h2>{t(`nav.${group.name}`)}</h2>
      {group.pages.map((page) => (
        <Link
          key={page.name}
          to={page.to}
          activeOptions={{ exact: page.to === '/', includeSearch: false }}
          activeProps={{ className: 'active' }}
        >
          {t(`nav.${page.name}`)}
        </Link>
      ))}
    </div>
  ));
}

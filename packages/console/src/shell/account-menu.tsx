import type { Caller } from '@hufu/protocol/admin/administrators';
import { Button, Menu, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { signOut } from '../api/sign-in.ts';
import { chooseLanguage, LANGUAGES, type Language } from '../i18n/i18n.ts';
import { tellProblem } from '../parts/tell.tsx';

const SCHEMES = ['light', 'dark', 'auto'] as const;

/** Who is signed in, as what, and how the console looks and speaks. */
export function AccountMenu({ me }: { readonly me: Caller }) {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const name = me.username ?? me.client_id;
  return (
    <Menu position="bottom-end" width={260} withinPortal>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          aria-label={`${t('top.account')}: ${name}`}
          styles={{ root: { color: 'var(--ink)', maxWidth: '10rem' } }}
          data-testid="account"
        >
          {name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('top.signedInAs', { name })}</Menu.Label>
        <Menu.Label data-testid="role">
          {t('top.role', { role: me.role === undefined ? t('common.none') : t(`role.${me.role}`) })}
        </Menu.Label>
        <Menu.Item component="a" href="/account">
          {t('top.ownAccount')}
        </Menu.Item>
        <Menu.Item component="a" href="/admin/docs">
          {t('top.apiDocs')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('top.theme')}</Menu.Label>
        {SCHEMES.map((scheme) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            rightSection={colorScheme === scheme ? '✓' : undefined}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`top.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('top.language')}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            role="menuitemradio"
            aria-checked={i18n.language === language}
            rightSection={i18n.language === language ? '✓' : undefined}
            onClick={() => void chooseLanguage(language)}
          >
            {LANGUAGES[language]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut().catch(tellProblem)} data-testid="sign-out">
          {t('top.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

import { Button, Group, NativeSelect, Tabs, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useList, useRead } from '../api/read.ts';
import { pathOfGrant } from '../pages/grant-id.ts';
import { LineageSheet } from '../pages/lineage-sheet.tsx';
import { type Search, useFilters } from '../parts/filters.tsx';
import { Sheet, State } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { Found, type Look } from './found.tsx';
import { Halves } from './halves.tsx';
import { MINTED, type Minted, mint } from './mint.ts';
import { trimmedToken } from './pieces.ts';
import { Offers, useClientOffers, useUserOffers } from './suggest.tsx';

const WAYS = ['paste', 'grant', 'mint'] as const;
type Way = (typeof WAYS)[number];
const MAX_TOKEN = 16_384;

/** Looking at a token: one that somebody has, one that a grant stands for, or one that is made for it. The token is in the memory of this page, and goes with it. */
export function TokenLook({ isTest }: { readonly isTest: boolean }) {
  const { t } = useTranslation();
  const { grant = '' } = useFilters();
  const [way, setWay] = useState<Way>(grant === '' ? 'paste' : 'grant');
  const [token, setToken] = useState('');
  const [resource, setResource] = useState('');
  const [scope, setScope] = useState('');
  const [look, setLook] = useState<Look>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const resources = useRead('resources.list', {}).data?.body.items ?? [];
  const latest = useRef(0);

  async function inspect(text: string): Promise<void> {
    const asked = trimmedToken(text);
    const turn = ++latest.current;
    setBusy(true);
    setError(undefined);
    setLook(undefined);
    try {
      const body = { token: asked, ...(resource !== '' && { resource }), ...(scope.trim() !== '' && { scope: scope.trim() }) };
      const { body: found } = await call('tokens.inspect', { body });
      // What was asked before it is answered later is told to nobody.
      if (turn === latest.current) setLook({ token: asked, resource, scope: scope.trim(), found });
    } catch (thrown) {
      if (turn === latest.current) setError(thrown);
    } finally {
      if (turn === latest.current) setBusy(false);
    }
  }
  function paste(event: FormEvent): void {
    event.preventDefault();
    void inspect(token);
  }
  function forget(): void {
    latest.current++;
    setToken('');
    setLook(undefined);
    setError(undefined);
    setBusy(false);
  }
  const against = (
    <>
      <NativeSelect
        label={t('workbench.resource')}
        description={t('workbench.resourceHint')}
        value={resource}
        onChange={(event) => setResource(event.currentTarget.value)}
        data={[{ value: '', label: t('workbench.noResource') }, ...resources.map(({ identifier }) => identifier)]}
      />
      <TextInput
        label={t('workbench.scope')}
        description={t('workbench.scopeHint')}
        value={scope}
        onChange={(event) => setScope(event.currentTarget.value)}
        maxLength={255}
        spellCheck={false}
        autoComplete="off"
      />
    </>
  );
  return (
    <div className="stack">
      <Sheet title={t('workbench.look')}>
        <Tabs value={way} onChange={(next) => setWay(WAYS.find((one) => one === next) ?? 'paste')} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="paste">{t('workbench.ways.paste')}</Tabs.Tab>
            <Tabs.Tab value="grant">{t('workbench.ways.grant')}</Tabs.Tab>
            {isTest && <Tabs.Tab value="mint">{t('workbench.ways.mint')}</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="paste">
            <form onSubmit={paste} className="stack" autoComplete="off">
              <Textarea
                label={t('workbench.token')}
                description={t('workbench.tokenHint')}
                required
                value={token}
                onChange={(event) => setToken(event.currentTarget.value)}
                maxLength={MAX_TOKEN}
                autosize
                minRows={3}
                maxRows={8}
                spellCheck={false}
                autoComplete="off"
                autoCapitalize="off"
                classNames={{ input: 'code-field' }}
                data-testid="token"
              />
              <div className="form-grid">{against}</div>
              <Group>
                <Button type="submit" loading={busy} disabled={token.trim() === ''}>
                  {t('workbench.lookGo')}
                </Button>
                <Button variant="default" onClick={forget} disabled={token === '' && look === undefined}>
                  {t('workbench.forget')}
                </Button>
              </Group>
            </form>
          </Tabs.Panel>
          <Tabs.Panel value="grant">
            <PickGrant chosen={grant} />
          </Tabs.Panel>
          {isTest && (
            <Tabs.Panel value="mint">
              <Mint
                against={against}
                resource={resource}
                scope={scope}
                onMade={(made) => {
                  setToken(made);
                  void inspect(made);
                }}
              />
            </Tabs.Panel>
          )}
        </Tabs>
      </Sheet>
      {error !== undefined && <Problem error={error} />}
      {way === 'grant' ? grant !== '' && <OfGrant key={grant} id={pathOfGrant(grant)} /> : look !== undefined && <Found look={look} />}
    </div>
  );
}

function PickGrant({ chosen }: { readonly chosen: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState(chosen);
  const offers = useId();
  const { items = [] } = useList('grants.list', {});
  useEffect(() => setText(chosen), [chosen]);
  const pick = (event: FormEvent): void => {
    event.preventDefault();
    const grant = pathOfGrant(text.trim());
    void navigate({ to: '.', search: (old: Search) => ({ ...old, grant: grant === '' ? undefined : grant }), replace: true });
  };
  return (
    <form onSubmit={pick} className="stack">
      <TextInput
        label={t('grants.id')}
        description={t('workbench.grantHint')}
        value={text}
        list={offers}
        required
        onChange={(event) => setText(event.currentTarget.value)}
        maxLength={40}
        spellCheck={false}
        autoComplete="off"
      />
      <Offers
        id={offers}
        values={items
          .slice(0, 20)
          .map(({ id, client_id, sub }) => ({ value: pathOfGrant(id), label: `${client_id} · ${sub ?? t('grants.itself')}` }))}
      />
      <Group>
        <Button type="submit">{t('workbench.lookGo')}</Button>
      </Group>
    </form>
  );
}

/** A grant without a token of it: the row's half, and what everything derived from it would meet. */
function OfGrant({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useRead('grants.get', { params: { grant_id: id } });
  const grant = data?.body;
  if (grant === undefined) return error === null ? null : <Problem error={error} retry={() => void refetch()} />;
  const isLive = grant.state === 'live';
  return (
    <div className="stack">
      <Sheet title={t('workbench.halves')}>
        <p className="verdict" role="status">
          <State mood={isLive ? 'good' : 'bad'}>{t(isLive ? 'workbench.grantLive' : 'workbench.grantEnded')}</State>
        </p>
        <Halves fit="alone" token={undefined} pieces={[]} generation={undefined} grant={grant} rowGeneration={undefined} />
      </Sheet>
      <LineageSheet id={id} />
    </div>
  );
}

interface MintProps {
  readonly against: React.ReactNode;
  readonly resource: string;
  readonly scope: string;
  readonly onMade: (token: string) => void;
}

/** A token of any user and client, where the server is in test mode. */
function Mint({ against, resource, scope, onMade }: MintProps) {
  const { t } = useTranslation();
  const [clientId, setClientId] = useState('');
  const [username, setUsername] = useState('');
  const [made, setMade] = useState<Partial<Readonly<Record<Minted, string>>>>({});
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const clients = useClientOffers(clientId);
  const users = useUserOffers(username);
  const make = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const tokens = await mint({ clientId, username, scope, resource });
      setMade(tokens);
      if (tokens.access_token !== undefined) onMade(tokens.access_token);
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : '');
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void make(event)} className="stack">
      <p className="faded">{t('workbench.mintText')}</p>
      <div className="form-grid">
        <TextInput
          label={t('clients.id')}
          required
          value={clientId}
          list={clients.id}
          onChange={(event) => setClientId(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Offers {...clients} />
        <TextInput
          label={t('users.username')}
          required
          value={username}
          list={users.id}
          onChange={(event) => setUsername(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Offers {...users} />
        {against}
      </div>
      {problem !== undefined && (
        <div className="problem" role="alert">
          <p>
            <strong>{t('common.problem')}</strong>
          </p>
          <p lang="en">{problem}</p>
        </div>
      )}
      <Group>
        <Button type="submit" loading={busy}>
          {t('workbench.mintGo')}
        </Button>
        {MINTED.flatMap((name) => {
          const token = made[name];
          return token === undefined
            ? []
            : [
                <Button key={name} variant="default" onClick={() => onMade(token)}>
                  {t('workbench.lookAt', { name })}
                </Button>,
              ];
        })}
      </Group>
    </form>
  );
}

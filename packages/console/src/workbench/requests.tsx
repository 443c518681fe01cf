import { FLOW_AUTHENTICATIONS, type FlowStep, flowRequests } from '@hufu/client/flow-requests';
import { discover, type ServerMetadata } from '@hufu/client/server-metadata';
import { Button, Checkbox, CopyButton, Group, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { type Members, memberAt } from '../edit/members.ts';
import { useFilters } from '../parts/filters.tsx';
import { Sheet } from '../parts/page.tsx';
import { choiceOf, doubtsAbout, EMPTY_FORM, FIELDS, type FlowForm, filledIn, missingIn } from './flow-form.ts';
import { Offers, useClientOffers } from './suggest.tsx';

const PAUSE_MS = 300;
const FLOW_NAMES = Object.keys(FIELDS) as FlowForm['flow'][];

/** The requests of a flow, as somebody would type them. Nothing of it is sent from here, and no secret is asked for. */
export function Requests({ issuer }: { readonly issuer: string }) {
  const { t } = useTranslation();
  const { client: asked = '' } = useFilters();
  const [form, setForm] = useState<FlowForm>({ ...EMPTY_FORM, clientId: asked });
  const offers = useClientOffers(form.clientId);
  const [clientId] = useDebouncedValue(form.clientId.trim(), PAUSE_MS);
  const isKnown = clientId !== '' && (clientId === asked || offers.values.some(({ value }) => value === clientId));
  const client = useRead('clients.get', { params: { client_id: clientId } }, { enabled: isKnown }).data?.body;
  const registered = client?.client_id === form.clientId.trim() ? client.metadata : undefined;
  const resources = useRead('resources.list', {}).data?.body.items ?? [];
  const { data: server, error } = useQuery({
    queryKey: ['discovery', issuer],
    queryFn: () => discover((url, init) => fetch(url, init), issuer),
  });
  const redirects = useId();
  const known = registered === undefined ? undefined : client?.client_id;
  // What the client has registered is filled in once it is known which client it is.
  useEffect(() => {
    if (client !== undefined && known !== undefined) setForm((old) => filledIn(old, client.metadata));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another reading of the same client changes nothing that was written since
  }, [known]);

  const set = (more: Partial<FlowForm>): void => setForm((old) => ({ ...old, ...more }));
  const fields = FIELDS[form.flow];
  const typed = (name: 'redirectUri' | 'scope' | 'loginHint') => ({
    value: form[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => set({ [name]: event.currentTarget.value }),
    spellCheck: false,
    autoComplete: 'off',
  });
  return (
    <Sheet title={t('workbench.requests')}>
      <p className="faded">{t('workbench.requestsText')}</p>
      <div className="form-grid">
        <NativeSelect
          label={t('workbench.flow')}
          value={form.flow}
          onChange={(event) => set({ flow: FLOW_NAMES.find((name) => name === event.currentTarget.value) ?? form.flow })}
          data={FLOW_NAMES.map((value) => ({ value, label: t(`workbench.flows.${value}`) }))}
        />
        <TextInput
          label={t('clients.id')}
          value={form.clientId}
          list={offers.id}
          onChange={(event) => set({ clientId: event.currentTarget.value })}
          spellCheck={false}
          autoComplete="off"
        />
        <Offers {...offers} />
        <NativeSelect
          label={t('clients.auth')}
          value={form.authentication}
          onChange={(event) => set({ authentication: FLOW_AUTHENTICATIONS.find((one) => one === event.currentTarget.value) ?? 'none' })}
          data={[...FLOW_AUTHENTICATIONS]}
          disabled={form.flow === 'userinfo'}
        />
        {fields.includes('redirectUri') && (
          <>
            <TextInput label={t('workbench.redirectUri')} list={redirects} {...typed('redirectUri')} />
            <Offers id={redirects} values={textsOf(registered, 'redirect_uris').map((value) => ({ value }))} />
          </>
        )}
        {fields.includes('loginHint') && (
          <TextInput label={t(form.flow === 'password' ? 'users.username' : 'workbench.loginHint')} {...typed('loginHint')} />
        )}
        {fields.includes('wanted') && (
          <>
            <TextInput label={t('clients.scope')} description={t('clients.scopeHint')} {...typed('scope')} />
            <NativeSelect
              label={t('workbench.resourceWanted')}
              value={form.resource}
              onChange={(event) => set({ resource: event.currentTarget.value })}
              data={[{ value: '', label: t('workbench.noResource') }, ...resources.map(({ identifier }) => identifier)]}
            />
            <Textarea
              label={t('workbench.more')}
              description={t('workbench.moreHint')}
              value={form.more}
              onChange={(event) => set({ more: event.currentTarget.value })}
              autosize
              minRows={1}
              maxRows={6}
              spellCheck={false}
              classNames={{ input: 'code-field' }}
            />
          </>
        )}
      </div>
      <Group gap="lg" my="md">
        {(['pkce', 'pushed', 'dpop'] as const).map(
          (name) =>
            fields.includes(name) && (
              <Checkbox
                key={name}
                label={t(`workbench.${name}`)}
                checked={form[name]}
                onChange={(event) => set({ [name]: event.currentTarget.checked })}
              />
            ),
        )}
      </Group>
      {registered !== undefined && <Doubts form={form} metadata={registered} clientId={form.clientId.trim()} />}
      {error !== null ? (
        <p className="notice" role="alert">
          {t('workbench.noDiscovery', { issuer })}
        </p>
      ) : (
        server !== undefined && <Steps server={server} form={form} />
      )}
    </Sheet>
  );
}

function Doubts({ form, metadata, clientId }: { readonly form: FlowForm; readonly metadata: Members; readonly clientId: string }) {
  const { t } = useTranslation();
  const doubts = doubtsAbout(form, metadata);
  if (doubts.length === 0) return null;
  return (
    <div className="notice" role="status">
      <ul>
        {doubts.map((doubt) => (
          <li key={doubt}>{t(`workbench.doubt.${doubt}`)}</li>
        ))}
      </ul>
      <Link className="link" to="/clients/$id" params={{ id: clientId }} search={{ tab: 'metadata' }}>
        {t('clients.toClient')}
      </Link>
    </div>
  );
}

function Steps({ server, form }: { readonly server: ServerMetadata; readonly form: FlowForm }) {
  const { t } = useTranslation();
  const missing = missingIn(form);
  if (missing.length > 0)
    return (
      <ul className="faded" data-testid="missing">
        {missing.map((name) => (
          <li key={name}>{t(`workbench.missing.${name}`)}</li>
        ))}
      </ul>
    );
  const written = stepsOf(server, form);
  if (typeof written === 'string')
    return (
      <p className="notice" lang="en">
        {written}
      </p>
    );
  const script = written.map(({ name, command }, at) => `# ${at + 1}. ${t(`workbench.step.${name}`)}\n${command}\n`).join('\n');
  return (
    <>
      <ol className="steps" data-testid="steps">
        {written.map((step, at) => (
          <Step key={`${at} ${step.name}`} step={step} />
        ))}
      </ol>
      <Copy text={script} label={t('workbench.copyAll')} />
    </>
  );
}

function Step({ step: { name, command, needs } }: { readonly step: FlowStep }) {
  const { t } = useTranslation();
  return (
    <li>
      <h3>{t(`workbench.step.${name}`)}</h3>
      {needs.length > 0 && (
        <p className="small">
          {t('workbench.setBefore')}{' '}
          {needs.map((need) => (
            <code key={need} className="need">
              {need}
            </code>
          ))}
        </p>
      )}
      <pre className="json" tabIndex={0} aria-label={t(`workbench.step.${name}`)}>
        {command}
      </pre>
      <Copy text={command} label={t('common.copy')} of={t(`workbench.step.${name}`)} />
    </li>
  );
}

function Copy({ text, label, of }: { readonly text: string; readonly label: string; readonly of?: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" onClick={copy} {...(of !== undefined && { 'aria-label': `${label}: ${of}` })}>
          {copied ? t('common.copied') : label}
        </Button>
      )}
    </CopyButton>
  );
}

/** Or why they cannot be written: a server without the endpoint. */
function stepsOf(server: ServerMetadata, form: FlowForm): readonly FlowStep[] | string {
  const { flow, choice } = choiceOf(form);
  try {
    return flowRequests(server, flow, choice);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

function textsOf(metadata: Members | undefined, name: string): readonly string[] {
  const member = memberAt(metadata, [name]);
  return Array.isArray(member) ? member.filter((one): one is string => typeof one === 'string') : [];
}

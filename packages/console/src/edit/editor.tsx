import { AdminError, isProblem } from '@hufu/client/admin';
import type { ProblemPart } from '@hufu/protocol/admin/problem';
import { Button, Group, SegmentedControl } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../api/me.ts';
import { Danger, useAsk } from '../parts/danger.tsx';
import { useFilters } from '../parts/filters.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';
import { applyChanges, changesBetween } from './diff.ts';
import { DiffView } from './diff-view.tsx';
import { keepDraft, takeDraft } from './draft.ts';
import { type FieldGroup, tidied } from './form-field.ts';
import { JsonEditor } from './json-editor.tsx';
import { MemberForm } from './member-form.tsx';
import { isMembers, type Members } from './members.ts';
import { lineOf } from './place-in-json.ts';
import { inside, partsBeside } from './problem-parts.ts';

/** What was saved, as the server has it now. */
export interface Saved {
  readonly value: Members;
  readonly etag: string;
}

interface EditorProps<Looked> {
  /** What is edited, unlike anything else that is: a draft is kept under it. */
  readonly name: string;
  readonly title: string;
  readonly current: Saved;
  readonly groups: readonly FieldGroup[];
  /** The member of the body that holds it, as the server's pointers name it. */
  readonly root: '/metadata' | '/claims';
  /** Why nobody can change it here. */
  readonly fixed: string | undefined;
  /** What a change may do, said before it is made. */
  readonly warning: string;
  /** Asks the server what would come of a change, which it judges as if it were one. */
  readonly look?: (value: Members, etag: string) => Promise<Looked>;
  readonly told?: (looked: Looked) => ReactNode;
  /** That it is saved: of what it is called now. */
  readonly note: (saved: Members) => string;
  readonly save: (value: Members, etag: string) => Promise<Saved>;
  readonly reload: () => void;
  /** What follows from a change in the form: members that only make sense together. */
  readonly follow?: (value: Members, before: Members) => Members;
}

type Mode = 'form' | 'json';

/** Changes an object of the server’s: by fields or as a whole, with what will be another shown before it is, and a way back after. */
export function Editor<Looked>({
  name,
  title,
  current,
  groups,
  root,
  fixed,
  warning,
  note,
  look,
  told,
  save,
  reload,
  follow,
}: EditorProps<Looked>) {
  const { t } = useTranslation();
  const ask = useAsk();
  const isAsked = useFilters()['do'] === 'save';
  // A draft that was kept over a sign-in goes on where it was.
  const owner = useMe()?.sub ?? '';
  const [kept] = useState(() => takeDraft(owner, name));
  const [base, setBase] = useState<Saved>(kept === undefined ? current : { value: kept.base, etag: kept.etag });
  const [value, setValue] = useState(kept?.value ?? current.value);
  const [mode, setMode] = useState<Mode>('form');
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string>();
  const [parts, setParts] = useState<readonly ProblemPart[]>([]);
  const [refused, setRefused] = useState<unknown>();
  const isLeaving = useRef(false);
  const saved = useRef<Saved>(undefined);
  const isFixed = fixed !== undefined;
  const changes = changesBetween(base.value, tidied(value, groups));
  const isDirty = changes.length > 0 || fault !== undefined;
  const isBehind = current.etag !== base.etag;

  // What was read anew is shown where nobody has written anything.
  useEffect(() => {
    if (!isBehind || isDirty) return;
    setBase(current);
    setValue(current.value);
    setText(written(current.value));
  }, [isBehind, isDirty, current]);
  // An address that asks to save what is not there any more.
  useEffect(() => {
    if (isAsked && !isDirty) ask(undefined);
  }, [isAsked, isDirty, ask]);
  useBlocker({
    shouldBlockFn: ({ current: here, next }) => {
      const isSame = here.pathname === next.pathname && Object(here.search)['tab'] === Object(next.search)['tab'];
      // oxlint-disable-next-line no-alert -- the one question that also a closing tab asks
      return isDirty && !isSame && !window.confirm(t('edit.leave'));
    },
    enableBeforeUnload: () => isDirty && !isLeaving.current,
  });

  function put(next: Members): void {
    setValue(next);
    setParts([]);
    setRefused(undefined);
  }
  function write(next: string): void {
    setText(next);
    const read = readObject(next);
    if ('value' in read) {
      setFault(undefined);
      put(read.value);
    } else setFault(read.line === undefined ? t('edit.badJson') : t('edit.badJsonAt', { line: read.line }));
  }
  function turn(next: Mode): void {
    if (next === 'json') setText(written(tidied(value, groups)));
    setFault(undefined);
    setMode(next);
  }
  function startOver(): void {
    setBase(current);
    put(current.value);
    setText(written(current.value));
    setFault(undefined);
  }
  /** Mine, upon what there is now. */
  function rebase(): void {
    const next = applyChanges(current.value, changes);
    setBase(current);
    put(next);
    setText(written(next));
  }

  async function act(): Promise<void> {
    saved.current = undefined;
    try {
      saved.current = await save(tidied(value, groups), base.etag);
    } catch (thrown) {
      if (!tellHere(thrown)) throw thrown;
    }
  }
  /** Before anybody is asked anything: what the server would refuse is told at once. */
  async function lookAhead(ahead: NonNullable<typeof look>): Promise<Looked> {
    try {
      return await ahead(tidied(value, groups), base.etag);
    } catch (thrown) {
      if (tellHere(thrown)) ask(undefined);
      throw thrown;
    }
  }
  /** What is wrong with it is told where it stands; what has changed meanwhile is read first. */
  function tellHere(thrown: unknown): boolean {
    if (isProblem(thrown, 'precondition_failed')) reload();
    else if (!(thrown instanceof AdminError) || thrown.code !== 'invalid_request') return false;
    setRefused(thrown);
    setParts(thrown instanceof AdminError ? inside(thrown.errors, root) : []);
    return true;
  }
  function done(): void {
    const now = saved.current;
    if (now === undefined) return;
    const before = base.value;
    setBase(now);
    put(now.value);
    setText(written(now.value));
    tell(note(now.value), () => {
      save(before, now.etag).then(() => {
        tell(t('edit.undone'));
        reload();
      }, tellProblem);
    });
  }

  const fields = groups.flatMap((group) => group.fields);
  const beside =
    mode === 'form'
      ? partsBeside(
          parts,
          fields.map(({ path }) => path),
        )
      : [];
  return (
    <div className="stack">
      {isFixed && (
        <p className="notice" data-testid="fixed">
          {fixed}
        </p>
      )}
      <SegmentedControl
        className="ways"
        aria-label={t('edit.how')}
        value={mode}
        disabled={fault !== undefined}
        onChange={(next) => turn(next === 'json' ? 'json' : 'form')}
        data={[
          { value: 'form', label: t('edit.form') },
          { value: 'json', label: t('edit.json') },
        ]}
      />
      {mode === 'form' ? (
        <MemberForm
          groups={groups}
          value={value}
          base={base.value}
          parts={parts}
          isFixed={isFixed}
          onChange={(next) => put(follow === undefined ? next : follow(next, value))}
        />
      ) : (
        <JsonEditor label={t('edit.json')} text={text} parts={parts} fault={fault} isFixed={isFixed} onChange={write} />
      )}
      {beside.length > 0 && (
        <ul className="faults" aria-label={t('edit.faults')}>
          {beside.map(({ pointer, detail }) => (
            <li key={pointer + detail}>
              <code>{pointer === '' ? '/' : pointer}</code> <span lang="en">{detail}</span>
            </li>
          ))}
        </ul>
      )}
      {isBehind && isDirty ? (
        <div className="notice" role="alert">
          <p>{t('edit.behind')}</p>
          <Group>
            <Button size="xs" onClick={rebase}>
              {t('edit.rebase')}
            </Button>
            <Button size="xs" variant="default" onClick={startOver}>
              {t('edit.startOver')}
            </Button>
          </Group>
        </div>
      ) : (
        refused !== undefined && parts.length === 0 && <Problem error={refused} />
      )}
      {!isFixed && (
        <div className="edit-bar">
          <Button disabled={!isDirty || isBehind || fault !== undefined} onClick={() => ask('save')}>
            {t('edit.review')}
          </Button>
          <Button variant="default" disabled={!isDirty} onClick={startOver}>
            {t('edit.startOver')}
          </Button>
          <span className="faded" role="status">
            {parts.length > 0
              ? t('edit.refused', { count: parts.length })
              : isDirty
                ? t('edit.changed', { count: changes.length })
                : t('edit.nothing')}
          </span>
        </div>
      )}
      <Danger<Looked>
        name="save"
        title={t('edit.saveTitle', { name: title })}
        text={warning}
        label={t('common.save')}
        calm
        isWide
        {...(look !== undefined && { look: () => lookAhead(look) })}
        {...(told !== undefined && { told })}
        leaving={() => {
          isLeaving.current = true;
          keepDraft(owner, name, { base: base.value, etag: base.etag, value });
        }}
        act={act}
        done={done}
      >
        <DiffView changes={changes} />
      </Danger>
    </div>
  );
}

function written(value: Members): string {
  return JSON.stringify(value, undefined, 2);
}

function readObject(text: string): { readonly value: Members } | { readonly line: number | undefined } {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? { value } : { line: 1 };
  } catch (error) {
    return { line: lineIn(error instanceof Error ? error.message : '', text) };
  }
}

/** Browsers say the place in words of their own: V8 by character, SpiderMonkey by line. */
function lineIn(message: string, text: string): number | undefined {
  const [, at] = /position (\d+)/.exec(message) ?? [];
  if (at !== undefined) return lineOf(text, Number(at));
  const [, line] = /line (\d+)/.exec(message) ?? [];
  return line === undefined ? undefined : Number(line);
}

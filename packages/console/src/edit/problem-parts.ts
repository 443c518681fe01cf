import type { ProblemPart } from '@hufu/protocol/admin/problem';
import type { MemberPath } from './members.ts';

/** A fault of a member, and where inside it. */
export interface PartOf {
  readonly at: string;
  readonly detail: string;
}

/** A fault in the terms of what is edited: without the step of the body that holds it (`/metadata`). */
export function inside(parts: readonly ProblemPart[], root: string): readonly ProblemPart[] {
  return parts.map(({ pointer, detail }) => ({
    pointer: pointer === root || pointer.startsWith(`${root}/`) ? pointer.slice(root.length) : pointer,
    detail,
  }));
}

/** Faults of the member at a path, or in it. Items of lists are counted from 1, as people do. */
export function partsOf(parts: readonly ProblemPart[], path: MemberPath): readonly PartOf[] {
  const pointer = pointerOf(path);
  return parts
    .filter((part) => part.pointer === pointer || part.pointer.startsWith(`${pointer}/`))
    .map((part) => ({ at: placeOf(part.pointer.slice(pointer.length + 1)), detail: part.detail }));
}

/** Faults that no field shows. */
export function partsBeside(parts: readonly ProblemPart[], paths: readonly MemberPath[]): readonly ProblemPart[] {
  const shown = new Set(paths.flatMap((path) => parts.filter((part) => partsOf([part], path).length > 0)));
  return parts.filter((part) => !shown.has(part));
}

function pointerOf(path: MemberPath): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function placeOf(rest: string): string {
  return /^\d+$/.test(rest) ? String(Number(rest) + 1) : rest;
}

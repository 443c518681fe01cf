/** A note, as the API shows it. */
export interface Note {
  readonly text: string;
  /** The subject of the token that wrote it. */
  readonly by: string;
  /** ISO 8601. */
  readonly written_at: string;
}

const MAX_NOTES = 10;
/** Characters of a note. */
export const MAX_NOTE = 280;

/** The notebook of the demo: one for everybody, in memory; the oldest notes fall. */
export class Notes {
  #notes: readonly Note[];

  constructor(nowMs: number) {
    this.#notes = [{ text: '虎符相合。 The halves matched.', by: 'hufu', written_at: toIso(nowMs) }];
  }

  /** The newest first. */
  all(): readonly Note[] {
    return this.#notes;
  }

  write(text: string, by: string, nowMs: number): Note {
    const note = { text, by, written_at: toIso(nowMs) };
    this.#notes = [note, ...this.#notes.slice(0, MAX_NOTES - 1)];
    return note;
  }
}

function toIso(nowMs: number): string {
  return new Date(nowMs).toISOString();
}

/** Where a browser stands. */
export interface Place {
  /** With the fragment. */
  readonly url: string;
  readonly status: number;
  /** `data-page` of the body; '' on pages that are not the provider's. */
  readonly page: string;
  readonly html: string;
}

/** One person's browser with one jar of cookies. */
export interface Browser {
  /** Whether pages' scripts run. */
  readonly scripts: boolean;
  readonly place: Place;
  visit(url: string): Promise<Place>;
  /** A form of another site, sent from there. */
  post(url: string, fields: Readonly<Record<string, string>>): Promise<Place>;
  /** Fills in a field of the page by its name. */
  fill(name: string, value: string): Promise<void>;
  /** Presses the button with this id; the id is part of the product's contract. */
  click(id: string): Promise<Place>;
  close(): Promise<void>;
}

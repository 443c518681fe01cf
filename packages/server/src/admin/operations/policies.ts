import type { PolicyOperations, PolicyView } from '@hufu/protocol/admin/policies';
import type { Config } from '../../config/config.ts';
import { policiesShape } from '../../config/policies-shape.ts';
import { policyPlaces } from '../../config/written-policies.ts';
import type { Perform } from '../call.ts';

/** What pages look like has operations of its own. */
const PLACES = policyPlaces(policiesShape.schema).filter(({ path }) => !path.startsWith('appearance.'));

/** What holds of `policies`, in the words of the file: hufu.yaml owns all of it. */
export const POLICIES: { readonly [N in keyof PolicyOperations]: Perform<N> } = {
  'policies.list': async ({ ctx: { config } }) => {
    const written = new Map(config.writtenPolicies.map((one) => [one.path, one]));
    const items = PLACES.map(({ path, doc, usual: plain }): PolicyView => {
      const set = written.get(path);
      const usual = plain ?? derivedOf(config, path);
      const value = set === undefined ? usual : set.value;
      return {
        setting: `policies.${path}`,
        meaning: doc,
        set: set !== undefined,
        ...(value !== undefined && { value }),
        ...(plain !== undefined && { usual: plain }),
        ...(set !== undefined && set.line > 0 && { line: set.line }),
      };
    });
    return { body: { items } };
  },
};

/** Where other settings decide what holds by default. */
function derivedOf({ policies }: Config, path: string): string | undefined {
  if (path === 'client_id_metadata_documents') return policies.clientIdDocuments;
  return path === 'sign_up_verification' ? policies.signUpVerification : undefined;
}

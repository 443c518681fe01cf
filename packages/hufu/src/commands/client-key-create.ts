import { isClientId } from '@hufu/protocol/ids';
import { publicJwk, signingAlgorithms } from '@hufu/server/keys/algorithms';
import { thumbprint } from '@hufu/server/keys/signer';
import { type Command, UsageError } from '../command.ts';
import { readLocalWords } from '../local.ts';

/** What Google's libraries can sign with. */
const USUAL_ALG = 'RS256';

/**
 * A key pair for a service account (RFC 7523 §2.1): the private half as the file that Google's libraries read, once and kept nowhere; the public half
 * as it goes into the configuration.
 */
export const clientKeyCreate: Command = {
  name: 'client key create',
  summary: 'makes a key pair for a service account: prints the file for its program, and what goes into hufu.yaml',
  usage: 'hufu client key create <client_id> [--alg RS256] [--config hufu.yaml] [--json] > service-account.json',
  async run(call) {
    const { positionals, options, config } = await readLocalWords(call, ['alg']);
    const [id, more] = positionals;
    if (id === undefined || more !== undefined || !isClientId(id)) throw new UsageError('a client id is needed');
    const algorithm = signingAlgorithms.get(options['alg'] ?? USUAL_ALG);
    if (algorithm === undefined) throw new UsageError(`--alg is one of ${[...signingAlgorithms.keys()].join(', ')}`);
    const key = await algorithm.generate();
    const jwk = publicJwk(key);
    const kid = thumbprint(JSON.stringify(jwk));
    const file = {
      type: 'service_account',
      project_id: new URL(config.issuer).host,
      private_key_id: kid,
      private_key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: id,
      client_id: id,
      token_uri: `${config.issuer}/oauth/token`,
    };
    call.out(JSON.stringify(file, undefined, 2));
    const known = config.clients.find(({ clientId }) => clientId === id);
    call.err(
      known === undefined ? 'The client, for hufu.yaml:' : 'Its key, for hufu.yaml; an older one may stay beside it until nobody uses it:',
    );
    if (known === undefined) {
      call.err(`  - client_id: ${JSON.stringify(id)}`);
      call.err('    token_endpoint_auth_method: private_key_jwt');
      call.err('    grant_types: [urn:ietf:params:oauth:grant-type:jwt-bearer]');
      call.err('    scope: …');
    }
    call.err(`    jwks: { keys: [${JSON.stringify({ ...jwk, kid, alg: algorithm.alg, use: 'sig' })}] }`);
    return 0;
  },
};

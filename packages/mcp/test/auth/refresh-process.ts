import { authorizedFetch } from '../../src/auth/authorized-fetch.ts'
import { credentialFile } from '../../src/auth/credential-file.ts'
import { oauthProvider } from '../../src/auth/oauth-provider.ts'

// One of several processes of an application: asks the server once, when it is told to, and says what came of it.
const [file, serverUrl, keyHex] = process.argv.slice(2) as [string, string, string]
const auth = oauthProvider({
  store: credentialFile({ file, key: Buffer.from(keyHex, 'hex') }),
  redirectUrl: 'http://127.0.0.1:1/callback',
  onAuthorize: () => {
    throw new Error('Nobody is asked here.')
  },
})
const call = authorizedFetch({ serverUrl: new URL(serverUrl), auth })
process.stdout.write('ready\n')
const ask = async (): Promise<void> => {
  const response = await call(serverUrl, { method: 'POST', body: '{}' }).catch((error: unknown) =>
    String(error),
  )
  process.stdout.write(`${typeof response === 'string' ? response : response.status}\n`)
  process.stdin.destroy()
}
process.stdin.once('data', () => void ask())

import { bad, type Check, ok } from './finding.ts'

/** `engines.node` of package.json: from here on Node runs TypeScript. A test compares the two. */
export const OLDEST_NODE = '22.18'

/** The version of Node. @param version for tests */
export const node =
  (version = process.versions.node): Check =>
  async () => {
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const [needsMajor = 0, needsMinor = 0] = OLDEST_NODE.split('.').map(Number)
    const isNewEnough = major > needsMajor || (major === needsMajor && minor >= needsMinor)
    if (isNewEnough) return [ok('here', 'node', `Node ${version}.`)]
    const why = `The server is TypeScript, which Node runs from ${OLDEST_NODE} on.`
    return [
      bad('here', 'node', `Node ${version} is too old.`, why, '`npm ci` brings Node 24; `npm run` then takes it.')
    ]
  }

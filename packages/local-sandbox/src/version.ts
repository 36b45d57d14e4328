/** Equal to the version in package.json; a test holds the two together. */
export const packageVersion = '1.0.0'

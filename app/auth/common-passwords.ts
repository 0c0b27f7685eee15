let common: Promise<Set<string>> | undefined

/** True when the password, in lower case, is among some 50,000 that many people use. */
export async function isCommonPassword(password: string): Promise<boolean> {
  common ??= load()
  return (await common).has(password)
}

/** Loaded at the first use: a megabyte that the server does without until somebody sets a password. */
async function load(): Promise<Set<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return new Set(dictionary['passwords-common'])
}

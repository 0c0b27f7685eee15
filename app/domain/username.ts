const USERNAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/

/** Whether a user can have that name; in lower case, as all names are. */
export const isUsername = (name: string): boolean => USERNAME.test(name)

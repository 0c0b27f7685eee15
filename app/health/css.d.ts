declare module '*.css' {
  const source: string
  // biome-ignore lint/style/noDefaultExport: this is how a file's text is imported
  export default source
}

declare module 'swagger-ui-dist/*' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: this is how a file's path is imported
  export default path
}

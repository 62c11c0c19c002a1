/** Where the pages are when they are built: `console.{html,js,css}`, `dashboard.{html,js,css}`, `icon.svg`. */
export const builtPages: URL;

/** Builds both pages, where they are not there, something is newer, or it is forced. */
export function buildPages(options?: { readonly force?: boolean | undefined }): Promise<void>;

// Every page is a static shell that reads its facts from the API in the browser: the query
// string chooses the venue or the booking, so nothing can be rendered ahead of time.
export const ssr = false;
export const prerender = true;
export const trailingSlash = 'always';

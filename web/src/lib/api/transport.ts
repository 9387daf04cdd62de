// How the pages talk to the server: adds the token, reads problem documents, and learns the difference
// between the server's clock and the browser's; it keeps no other state. The calls stand in the modules
// beside it, by subject.

import { Problem } from './problem';

let serverAheadMs = 0;

/** Now by the server's clock: a countdown must not depend on how well a phone keeps time. */
export function serverNow(): number {
	return Date.now() + serverAheadMs;
}

function learnClock(response: Response) {
	const date = Date.parse(response.headers.get('date') ?? '');
	if (Number.isNaN(date)) return;
	const ahead = date - Date.now();
	// The header has whole seconds and the answer took a while: smaller differences mean nothing.
	serverAheadMs = Math.abs(ahead) > 2500 ? ahead : 0;
}

export interface Call {
	method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
	body?: unknown;
	/** A file in the place of a JSON body. */
	csv?: string;
	token?: string;
	headers?: Record<string, string>;
}

export async function send(path: string, { method = 'GET', body, csv, token, headers = {} }: Call = {}) {
	let response: Response;
	try {
		response = await fetch(path, {
			method,
			cache: 'no-store',
			headers: {
				accept: 'application/json',
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				...(csv === undefined ? {} : { 'content-type': 'text/csv' }),
				...(token ? { authorization: `Bearer ${token}` } : {}),
				...headers
			},
			body: body === undefined ? csv : JSON.stringify(body)
		});
	} catch (cause) {
		throw Problem.network(cause);
	}
	learnClock(response);
	if (!response.ok && response.status !== 304) throw await Problem.from(response);
	return response;
}

export async function json<T>(path: string, call?: Call): Promise<T> {
	const response = await send(path, call);
	return (await response.json()) as T;
}

/** A part of a path, whatever characters it has. */
export const id = encodeURIComponent;

export interface Versioned<T> {
	value: T;
	entityTag: string;
}

/** An answer with the entity tag that a change of it must name. */
export async function versioned<T>(response: Response): Promise<Versioned<T>> {
	return { value: (await response.json()) as T, entityTag: response.headers.get('etag') ?? '' };
}

// What went wrong, in the form the pages show it: RFC 9457 problem documents from the API, and the
// two failures that never reach it (no network, an answer that is not the API's).

import type { Text } from './types';

/** What is wrong with one field, and what to do about it. */
export interface Fault {
	field?: string;
	message: string;
	fix?: string;
}

export interface ProblemDocument {
	type?: string;
	title?: string;
	status?: number;
	detail?: string;
	errors?: Fault[];
	/** Why a booking was blocked, in both languages. */
	reasons?: { text?: Text }[];
	[fact: string]: unknown;
}

export class Problem extends Error {
	constructor(
		readonly status: number,
		readonly document: ProblemDocument,
		readonly retryAfterSeconds: number | null = null
	) {
		super(document.detail ?? document.title ?? `status ${status}`);
	}

	/** The last segment of `type`, such as `sold-out`; `network` when the server was not reached. */
	get kind(): string {
		return this.document.type?.split('/').filter(Boolean).pop() ?? `status-${this.status}`;
	}

	/** True when sending the same request again may succeed: nothing was refused, nobody answered. */
	get isTransient(): boolean {
		return this.status === 0 || this.status === 429 || this.status >= 500;
	}

	/** What is wrong with that field, named as in the request, such as `quotas[0].name`. */
	faultAt(field: string): Fault | null {
		return this.document.errors?.find((fault) => fault.field === field) ?? null;
	}

	/** Whether a field is at fault whose name begins like this. */
	isWithin(...beginnings: string[]): boolean {
		const fields = (this.document.errors ?? []).map(({ field }) => field ?? '');
		return fields.some((field) => beginnings.some((beginning) => field.startsWith(beginning)));
	}

	static network(cause: unknown): Problem {
		const problem = new Problem(0, { type: 'network' });
		problem.cause = cause;
		return problem;
	}

	static async from(response: Response): Promise<Problem> {
		const after = Number(response.headers.get('retry-after'));
		const seconds = Number.isFinite(after) && after > 0 ? after : null;
		const isJson = response.headers.get('content-type')?.includes('json') ?? false;
		let document: ProblemDocument = {};
		if (isJson) document = (await response.json().catch(() => ({}))) as ProblemDocument;
		// What resellers are refused in is OCTO's form.
		if (typeof document.errorMessage === 'string') {
			document = { ...document, type: String(document.error).toLowerCase(), detail: document.errorMessage };
		}
		return new Problem(response.status, document, seconds);
	}
}

/** Turns whatever a `catch` caught into a problem, so that every page shows one kind of box. */
export function asProblem(caught: unknown): Problem {
	return caught instanceof Problem ? caught : new Problem(0, { type: 'page', detail: String(caught) });
}

// Words of the line before a sale that opens at an hour.
export const line = {
	'line.title': { it: 'In vendita dal {when}', en: 'On sale from {when}' },
	'line.early': { it: 'Ci si mette in fila dal {when}.', en: 'The line opens on {when}.' },
	'line.how': {
		it: 'C’è una fila. Chi c’è prima dell’apertura viene sorteggiato: non serve arrivare per primi. Chi arriva dopo si mette in coda. Quando tocca a te hai un quarto d’ora per prenotare, con lo stesso indirizzo.',
		en: 'There is a line. Everyone who is there before the opening is drawn: no need to be first. Who comes later stands behind. When it is your turn you have a quarter of an hour to book, with the same address.'
	},
	'line.join': { it: 'Mettiti in fila', en: 'Get in line' },
	'line.drawn': { it: '{n} persona in attesa del sorteggio.|{n} persone in attesa del sorteggio.', en: '{n} person waits for the draw.|{n} people wait for the draw.' },
	'line.turnAt': { it: 'Tocca a te il {when}.', en: 'Your turn is on {when}.' },
	'line.ahead': { it: 'Prima di te circa {n} persona.|Prima di te circa {n} persone.', en: 'About {n} person before you.|About {n} people before you.' },
	'line.until': { it: 'Hai tempo fino al {when}.', en: 'You have until {when}.' },
	'line.again': { it: 'Rimettiti in fila', en: 'Get in line again' },
	'line.whose': {
		it: 'Il posto è di {email}: la prenotazione vuole lo stesso indirizzo.',
		en: 'The place belongs to {email}: the booking wants the same address.'
	},
	'problem.not-on-sale': { it: 'Queste visite non sono ancora in vendita.', en: 'These visits are not on sale yet.' },
	'problem.no-place-in-line': {
		it: 'Per questi giorni c’è una fila: mettiti in fila, con lo stesso indirizzo con cui prenoti.',
		en: 'These days have a line: get in it, with the address you book with.'
	},
	'problem.not-your-turn': { it: 'Non è ancora il tuo turno.', en: 'It is not your turn yet.' },
	'problem.turn-over': { it: 'Il tuo turno è passato: rimettiti in fila.', en: 'Your turn went by: get in line again.' },
	'problem.line-not-open': { it: 'La fila non è ancora aperta.', en: 'The line is not open yet.' },
	'problem.unknown-sale': { it: 'Questa vendita non esiste.', en: 'There is no such sale.' }
} as const;

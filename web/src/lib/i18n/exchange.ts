// Words of moving a confirmed visit to another time, and of giving some of its tickets back.
export const exchange = {
	'exchange.moving': {
		it: 'Il luogo non può accoglierti in questo orario: {reason}. Entro {until} puoi spostare la visita senza pagare nulla, o annullarla e riavere tutto. Se non scegli, ti rimborsiamo noi.',
		en: 'The venue cannot receive you at this time: {reason}. Before {until} you can move the visit at no cost, or give it up and have all of your money back. If you choose nothing, you are paid back.'
	},
	'exchange.title': { it: 'Un altro orario', en: 'Another time' },
	'exchange.until': { it: 'Puoi spostarla fino al {until}.', en: 'You can move it until {until}.' },
	'exchange.open': { it: 'Scegli un altro orario', en: 'Choose another time' },
	'exchange.due': { it: 'Paghi solo la differenza: {price}.', en: 'You pay only the difference: {price}.' },
	'exchange.refund': { it: 'Ti rimborsiamo la differenza: {price}.', en: 'The difference goes back to you: {price}.' },
	'exchange.even': { it: 'Il prezzo è lo stesso: non paghi nulla.', en: 'The price is the same: you pay nothing.' },
	'exchange.hold': { it: 'Tieni i nuovi posti', en: 'Hold the new places' },
	'exchange.holding': {
		it: 'Questi posti prendono il posto di un’altra tua visita. Finché non confermi, quella resta com’è; quando confermi, i suoi biglietti non valgono più.',
		en: 'These places take the place of another visit of yours. Until you confirm, that one stands as it is; once you confirm, its tickets admit no more.'
	},
	'exchange.old': { it: 'La visita di prima', en: 'The visit before' },
	'exchange.new': { it: 'Apri la visita che l’ha sostituita', en: 'Open the visit in its place' },
	'giveBack.title': { it: 'Restituisci alcuni biglietti', en: 'Give back some tickets' },
	'giveBack.open': { it: 'Scegli i biglietti', en: 'Choose the tickets' },
	'giveBack.which': {
		it: 'I biglietti che scegli non valgono più e il loro prezzo ti è rimborsato.',
		en: 'The tickets you choose admit no more and their price goes back to you.'
	},
	'giveBack.whichLate': {
		it: 'I biglietti che scegli non valgono più; nulla è rimborsato.',
		en: 'The tickets you choose admit no more; no money goes back.'
	},
	'giveBack.yes': { it: 'Restituisci', en: 'Give back' },
	'giveBack.done': { it: 'Fatto: i biglietti sono restituiti.', en: 'Done: the tickets are given back.' },
	'giveBack.doneRefund': {
		it: 'Fatto: i biglietti sono restituiti e {price} ti sono rimborsati.',
		en: 'Done: the tickets are given back and {price} goes back to you.'
	}
};

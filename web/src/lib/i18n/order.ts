// Words of the cart and of the order: several visits bought in one go.
export const order = {
	'order.cart': { it: 'Carrello', en: 'Cart' },
	'order.cartLink': { it: 'Carrello: {n} visita|Carrello: {n} visite', en: 'Cart: {n} visit|Cart: {n} visits' },
	'order.add': { it: 'Aggiungi al carrello', en: 'Add to the cart' },
	'order.passFrom': { it: 'tessera, da questo giorno', en: 'pass, from this day on' },
	'order.addAnother': { it: 'Aggiungi un’altra visita', en: 'Add another visit' },
	'order.addNote': {
		it: 'Puoi mettere nel carrello fino a {n} visite, anche in luoghi diversi, e pagarle una volta sola.',
		en: 'You can put up to {n} visits into the cart, at different venues too, and pay for them once.'
	},
	'order.empty': { it: 'Il carrello è vuoto', en: 'The cart is empty' },
	'order.emptyText': {
		it: 'Scegli un luogo, un giorno e chi entra, poi aggiungi la visita al carrello.',
		en: 'Choose a venue, a day and who is coming, then add the visit to the cart.'
	},
	'order.notHeld': {
		it: 'I posti non sono ancora bloccati: lo saranno tutti insieme, o nessuno.',
		en: 'The places are not held yet: all of them will be, or none.'
	},
	'order.visits': { it: 'Le tue visite', en: 'Your visits' },
	'order.remove': { it: 'Togli', en: 'Remove' },
	'order.removeFrom': { it: 'Togli {venue} dal carrello', en: 'Remove {venue} from the cart' },
	'order.places': { it: '{n} persona|{n} persone', en: '{n} person|{n} people' },
	'order.full': { it: 'Un ordine contiene al massimo {n} visite.', en: 'An order holds {n} visits at most.' },
	'order.sameSlot': {
		it: 'Questa visita è già nel carrello: toglila di lì per cambiarla.',
		en: 'This visit is in the cart already: remove it there to change it.'
	},
	'order.tooMany': {
		it: 'Un ordine contiene al massimo {n} persone in tutto.',
		en: 'An order holds {n} people at most in all.'
	},
	'order.hold': { it: 'Blocca tutti i posti', en: 'Hold all places' },
	'order.title': { it: 'Il tuo ordine', en: 'Your order' },
	'order.missing': { it: 'Manca l’ordine', en: 'No order given' },
	'order.missingText': {
		it: 'L’indirizzo di questa pagina deve contenere il codice dell’ordine.',
		en: 'The address of this page must contain the order code.'
	},
	'order.again': { it: 'Scegli altre visite', en: 'Choose other visits' },
	'order.cancel': { it: 'Annulla l’ordine', en: 'Cancel the order' },
	'order.cancelOne': { it: 'Annulla questa visita', en: 'Cancel this visit' },
	'order.partOf': {
		it: 'Questa visita fa parte di un ordine: aprilo',
		en: 'This visit is part of an order: open it'
	}
} as const;

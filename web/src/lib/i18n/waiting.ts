// Words of waiting for places of a sold-out time: on the venue page, and where one stands.
export const waiting = {
	'waiting.pick': { it: 'Orari esauriti', en: 'Sold-out times' },
	'waiting.pickText': {
		it: 'Se si liberano posti li teniamo per chi è in lista, in ordine di arrivo.',
		en: 'When places come free we hold them for those on the list, first come first served.'
	},
	'waiting.at': { it: 'Lista d’attesa {time}', en: 'Waiting list {time}' },
	'waiting.join': { it: 'Mettiti in lista d’attesa', en: 'Join the waiting list' },
	'waiting.joinNote': {
		it: 'Quando tocca a te ti scriviamo e teniamo i posti per due ore, o fino all’inizio della visita. Nessun impegno.',
		en: 'When it is your turn we write to you and hold the places for two hours, or until the visit starts. No obligation.'
	},
	'waiting.title': { it: 'La tua lista d’attesa', en: 'Your waiting list' },
	'waiting.missing': { it: 'Manca la lista d’attesa', en: 'No waiting list' },
	'waiting.missingText': {
		it: 'L’indirizzo di questa pagina deve contenere il codice ricevuto quando ti sei messo in lista.',
		en: 'The address of this page must hold the code you got when you joined the list.'
	},
	'waiting.people': { it: '{n} persona|{n} persone', en: '{n} person|{n} people' },
	'waiting.next': { it: 'Sei il prossimo della lista.', en: 'You are next on the list.' },
	'waiting.ahead': {
		it: '{n} gruppo di visitatori prima di te.|{n} gruppi di visitatori prima di te.',
		en: '{n} party before you.|{n} parties before you.'
	},
	'waiting.how': {
		it: 'Quando tocca a te ti scriviamo. Se i posti liberi non bastano per tutti voi, può passare prima chi è in meno: il tuo posto in lista resta.',
		en: 'We write to you when it is your turn. Where the free places are too few for all of you, a smaller party may pass before you: your place on the list stays.'
	},
	'waiting.OFFERED': {
		it: 'Tocca a te: i posti sono tuoi.',
		en: 'It is your turn: the places are yours.'
	},
	'waiting.until': { it: 'Confermali entro le {time}.', en: 'Confirm them by {time}.' },
	'waiting.lapsed': {
		it: 'I posti erano tuoi, ma non sono stati confermati in tempo.',
		en: 'The places were yours, but they were not confirmed in time.'
	},
	'waiting.cancelled': { it: 'Hai lasciato i posti a chi aspettava.', en: 'You left the places to others.' },
	'waiting.confirmed': { it: 'La visita è confermata.', en: 'The visit is confirmed.' },
	'waiting.open': { it: 'Apri la prenotazione', en: 'Open the booking' },
	'waiting.LEFT': { it: 'Hai lasciato la lista: non conserviamo i tuoi dati.', en: 'You left the list: we keep nothing about you.' },
	'waiting.ENDED': {
		it: 'La visita è iniziata e i posti non si sono liberati.',
		en: 'The visit has started and no places came free.'
	},
	'waiting.leave': { it: 'Lascia la lista', en: 'Leave the list' },
	'problem.places-left': {
		it: 'In questo orario ci sono posti: prenota subito.',
		en: 'There are places at this time: book now.'
	},
	'problem.already-waiting': {
		it: 'Con questo indirizzo sei già in lista per questo orario.',
		en: 'This address is on the list for this time already.'
	},
	'problem.line-full': { it: 'Troppi aspettano già questo orario.', en: 'Too many wait for this time already.' },
	'problem.unknown-waiting': { it: 'Questa lista d’attesa non esiste.', en: 'There is no such waiting list.' },
	'problem.on-offer': { it: 'I posti sono già tuoi.', en: 'The places are yours already.' }
} as const;
